package io.github.deepxray.export;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.bundle.Bundle;
import io.github.deepxray.core.io.Json;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.train.ClassPredictions;
import io.github.deepxray.train.MetricsReport;
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
   * The metrics of the trained model of two classes.
   *
   * @throws DeepXrayException if they are damaged or of more classes
   * @throws IOException if they cannot be read
   */
  public MetricsReport metrics() throws IOException {
    return modelMetrics().twoClass();
  }

  /**
   * The metrics of the trained model.
   *
   * @throws DeepXrayException if they are damaged
   * @throws IOException if they cannot be read
   */
  public ModelMetrics modelMetrics() throws IOException {
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
   * What the trained model said about the images of a split, of two classes or more.
   *
   * @throws DeepXrayException if the file is damaged
   * @throws IOException if it cannot be read
   */
  public SplitScores scores(String split) throws IOException {
    return ClassPredictions.scores(bundle.folder().resolve(Predictions.fileName(split)));
  }

  /**
   * What the trained model of more than two classes said about the images of a split.
   *
   * @param classes how many there are
   * @throws DeepXrayException if the file is damaged or of another number of classes
   * @throws IOException if it cannot be read
   */
  public SplitScores.Multiclass classScores(String split, int classes) throws IOException {
    if (scores(split) instanceof SplitScores.Multiclass scores
        && scores.examples().stream().allMatch(e -> e.probabilities().size() == classes)) {
      return scores;
    }
    throw new DeepXrayException(
        bundle.folder().resolve(Predictions.fileName(split))
            + " is not of "
            + classes
            + " classes, as "
            + ModelMetrics.FILE
            + " is; export the bundle again.");
  }

  /**
   * What the trained model of two classes said about the images of a split.
   *
   * @throws DeepXrayException if the file is damaged
   * @throws IOException if it cannot be read
   */
  public Predictions predictions(String split) throws IOException {
    return Predictions.read(bundle.folder().resolve(Predictions.fileName(split)));
  }
}
