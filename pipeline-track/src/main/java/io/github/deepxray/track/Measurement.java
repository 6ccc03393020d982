package io.github.deepxray.track;

import io.github.deepxray.core.metrics.Evaluation;
import io.github.deepxray.core.metrics.MulticlassEvaluation;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.train.DecisionThresholds;
import io.github.deepxray.train.ModelMetrics;
import io.github.deepxray.train.MulticlassReport;
import io.github.deepxray.train.Predictions;
import io.github.deepxray.train.embedding.Embeddings;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * What an evaluation found.
 *
 * @param dataset where the images are
 * @param metrics the metrics
 * @param predictions the probability of every image of each evaluated split, of two classes; none
 *     of more
 * @param embeddings the features of every image of each evaluated split
 */
public record Measurement(
    PreparedDataset dataset,
    ModelMetrics metrics,
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
   * and those at the default threshold; of more than two classes those of all classes together.
   */
  public Map<String, Double> numbers(Split split) {
    Map<String, Double> numbers =
        metrics instanceof MulticlassReport report
            ? multiclass(report.splits().get(split.key()))
            : twoClass(metrics.twoClass().splits().get(split.key()));
    Map<String, Double> named = new LinkedHashMap<>();
    numbers.forEach(
        (name, value) -> {
          if (Double.isFinite(value)) {
            named.put(split.key() + "/" + name, value);
          }
        });
    return named;
  }

  private static Map<String, Double> twoClass(Evaluation evaluation) {
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
    return numbers;
  }

  private static Map<String, Double> multiclass(MulticlassEvaluation evaluation) {
    Map<String, Double> numbers = new LinkedHashMap<>();
    if (evaluation != null) {
      numbers.put("macro_auc", evaluation.macroAuc().value());
      numbers.put("accuracy", evaluation.accuracy().value());
      numbers.put("balanced_accuracy", evaluation.balancedAccuracy().value());
      numbers.put("macro_f1", evaluation.macroF1().value());
      numbers.put("log_loss", evaluation.logLoss().value());
    }
    return numbers;
  }

  /** The evaluated splits. */
  public Set<Split> splits() {
    return embeddings.keySet();
  }
}
