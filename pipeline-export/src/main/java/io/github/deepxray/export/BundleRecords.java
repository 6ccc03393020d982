package io.github.deepxray.export;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.bundle.Bundle;
import io.github.deepxray.core.io.Json;
import io.github.deepxray.train.MetricsReport;
import io.github.deepxray.train.Predictions;
import java.io.IOException;

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
  public MetricsReport metrics() throws IOException {
    return Json.read(bundle.folder().resolve(MetricsReport.FILE), MetricsReport.class);
  }

  /**
   * How the bundle came about.
   *
   * @throws DeepXrayException if the file is damaged
   * @throws IOException if it cannot be read
   */
  public Provenance provenance() throws IOException {
    return Json.read(bundle.folder().resolve(Provenance.FILE), Provenance.class);
  }

  /**
   * What the trained model said about the images of a split.
   *
   * @throws DeepXrayException if the file is damaged
   * @throws IOException if it cannot be read
   */
  public Predictions predictions(String split) throws IOException {
    return Predictions.read(bundle.folder().resolve(Predictions.fileName(split)));
  }
}
