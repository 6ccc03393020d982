package io.github.deepxray.pipeline;

import io.github.deepxray.classify.Bundle;
import io.github.deepxray.export.VerificationReport;

/**
 * Result of an export.
 *
 * @param bundle what is deployed
 * @param verification what the gate found of every artifact
 */
public record ExportResult(Bundle bundle, VerificationReport verification) {}
