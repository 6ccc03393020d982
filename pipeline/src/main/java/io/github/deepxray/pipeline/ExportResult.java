package io.github.deepxray.pipeline;

import io.github.deepxray.classify.Bundle;
import io.github.deepxray.export.VerificationReport;

/**
 * Result of an export.
 *
 * @param bundle the written bundle
 * @param verification result of the gate for each artifact
 */
public record ExportResult(Bundle bundle, VerificationReport verification) {}
