package io.github.deepxray.pipeline;

import io.github.deepxray.classify.Bundle;
import io.github.deepxray.export.VerificationReport;
import io.github.deepxray.train.ModelMetrics;

/**
 * Result of a run.
 *
 * @param bundle what is deployed
 * @param metrics of the trained classifier on the validation and the test split
 * @param verification what the gate found of every artifact
 */
public record RunResult(Bundle bundle, ModelMetrics metrics, VerificationReport verification) {
  /** An exported classifier and its metrics. */
  static RunResult of(ExportResult exported, ModelMetrics metrics) {
    return new RunResult(exported.bundle(), metrics, exported.verification());
  }
}
