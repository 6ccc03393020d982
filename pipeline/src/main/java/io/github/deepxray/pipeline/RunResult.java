package io.github.deepxray.pipeline;

import io.github.deepxray.classify.Bundle;
import io.github.deepxray.export.VerificationReport;
import io.github.deepxray.train.ModelMetrics;

/**
 * Result of a run.
 *
 * @param bundle the written bundle
 * @param metrics metrics of the trained classifier on the validation and the test split
 * @param verification result of the gate for each artifact
 */
public record RunResult(Bundle bundle, ModelMetrics metrics, VerificationReport verification) {
  /** Returns the result of an export with the metrics of the classifier. */
  static RunResult of(ExportResult exported, ModelMetrics metrics) {
    return new RunResult(exported.bundle(), metrics, exported.verification());
  }
}
