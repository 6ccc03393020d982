package io.github.deepxray.report.internal;

import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.train.InputGuard;
import io.github.deepxray.train.ModelMetrics;
import io.github.deepxray.train.Predictions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Records of a bundle about the training and evaluation of its classifier.
 *
 * @param bundle the bundle
 */
public record BundleRecords(Bundle bundle) {
  /**
   * Reads the metrics of the trained model.
   *
   * @throws DeepXrayException if the file is damaged
   * @throws IOException if they cannot be read
   */
  public ModelMetrics metrics() throws IOException {
    return ModelMetrics.read(bundle.folder().resolve(ModelMetrics.FILE));
  }

  /**
   * Reads the provenance of the bundle.
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
   * Reads the description of the input guard, {@link InputGuard#NONE}'s if there is none.
   *
   * @throws DeepXrayException if the file is damaged
   * @throws IOException if it cannot be read
   */
  public InputGuard.Description guard() throws IOException {
    Path file = bundle.folder().resolve(InputGuard.FILE);
    return Files.isRegularFile(file) ? InputGuard.describe(file) : InputGuard.NONE.description();
  }

  /**
   * Reads the content of the report that no other file has.
   *
   * @throws DeepXrayException if the file is damaged
   * @throws IOException if it cannot be read
   */
  ReportExtras extras() throws IOException {
    return Json.read(
        bundle.folder().resolve(ReportExtras.FILE),
        Map.of(ReportExtras.FORMAT, ReportExtras.class),
        "use the version of deepxray that wrote it, or export the bundle again");
  }

  /**
   * Reads the name of the model.
   *
   * @throws DeepXrayException if the file is damaged
   * @throws IOException if it cannot be read
   */
  public String name() throws IOException {
    return extras().name();
  }

  /**
   * Reads the predictions of the trained model on a split.
   *
   * @param metrics metrics of the bundle
   * @throws DeepXrayException if the file is damaged or its classes differ from those of the
   *     metrics
   * @throws IOException if it cannot be read
   */
  public Predictions predictions(String split, ModelMetrics metrics) throws IOException {
    return Predictions.read(bundle.folder().resolve(Predictions.fileName(split)), metrics);
  }
}
