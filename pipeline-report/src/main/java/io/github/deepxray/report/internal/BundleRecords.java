package io.github.deepxray.report.internal;

import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.train.ModelMetrics;
import io.github.deepxray.train.Predictions;
import java.io.IOException;
import java.util.Map;

/**
 * What a bundle holds about the training and evaluation of its classifier.
 *
 * @param bundle where it is read from
 */
public record BundleRecords(Bundle bundle) {
  /**
   * The metrics of the trained model.
   *
   * @throws DeepXrayException if they are damaged
   * @throws IOException if they cannot be read
   */
  public ModelMetrics metrics() throws IOException {
    return ModelMetrics.read(bundle.folder().resolve(ModelMetrics.FILE));
  }

  /**
   * How the bundle came about.
   *
   * @throws DeepXrayException if the file is damaged
   * @throws IOException if it cannot be read
   */
  public Provenance provenance() throws IOException {
    return Json.read(
        bundle.folder().resolve(Provenance.FILE),
        Map.of(Provenance.FORMAT, Provenance.class),
        "export the bundle again");
  }

  /**
   * What the trained model said about the images of a split.
   *
   * @param metrics those of the bundle
   * @throws DeepXrayException if the file is damaged or of other classes than the metrics
   * @throws IOException if it cannot be read
   */
  public Predictions predictions(String split, ModelMetrics metrics) throws IOException {
    return Predictions.read(bundle.folder().resolve(Predictions.fileName(split)), metrics);
  }
}
