package io.github.deepxray.track;

import io.github.deepxray.core.metrics.Evaluation;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.train.DecisionThresholds;
import io.github.deepxray.train.MetricsReport;
import io.github.deepxray.train.Predictions;
import io.github.deepxray.train.embedding.Embeddings;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What an evaluation found.
 *
 * @param dataset where the images are
 * @param metrics the metrics
 * @param predictions the probability of every image of each evaluated split
 * @param embeddings the features of every image of each evaluated split
 */
public record Measurement(
    PreparedDataset dataset,
    MetricsReport metrics,
    Map<Split, Predictions> predictions,
    Map<Split, Embeddings> embeddings) {
  /** Copies the maps. */
  public Measurement {
    predictions = ordered(predictions);
    embeddings = ordered(embeddings);
  }

  private static <T> Map<Split, T> ordered(Map<Split, T> map) {
    Map<Split, T> copy = new EnumMap<>(Split.class);
    copy.putAll(map);
    return Collections.unmodifiableMap(copy);
  }

  /**
   * The metrics of a split by name, each as {@code <split>/<metric>}: those that need no threshold,
   * and those at the default threshold.
   */
  public Map<String, Double> numbers(Split split) {
    Evaluation evaluation = metrics.splits().get(split.key());
    Map<String, Double> numbers = new LinkedHashMap<>();
    if (evaluation != null) {
      Evaluation.AtThreshold at = evaluation.thresholds().get(DecisionThresholds.DEFAULT);
      numbers.put("auc", evaluation.auc().value());
      numbers.put("accuracy", at.accuracy().value());
      numbers.put("sensitivity", at.sensitivity().value());
      numbers.put("specificity", at.specificity().value());
      numbers.put("precision", at.precision().value());
      numbers.put("f1", at.f1().value());
      numbers.put("brier", evaluation.brier().value());
      numbers.put("log_loss", evaluation.logLoss().value());
      numbers.put("calibration_error", evaluation.expectedCalibrationError().value());
      numbers.put("threshold", at.threshold());
    }
    Map<String, Double> named = new LinkedHashMap<>();
    numbers.forEach(
        (name, value) -> {
          if (Double.isFinite(value)) {
            named.put(split.key() + "/" + name, value);
          }
        });
    return named;
  }
}
