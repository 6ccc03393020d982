package io.github.deepxray.track;

import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.train.ModelMetrics;
import io.github.deepxray.train.Predictions;
import io.github.deepxray.train.features.Embeddings;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Results of an evaluation.
 *
 * @param dataset data set with the images
 * @param metrics the metrics
 * @param predictions probabilities of the images of each evaluated split
 * @param embeddings features of the images of each evaluated split
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
   * Returns the overall metrics of a split with the default decision, by names {@code
   * <split>/<metric>}, and the threshold of the decision, if any. Undefined values are omitted.
   */
  public Map<String, Double> numbers(Split split) {
    Map<String, Double> numbers = new LinkedHashMap<>();
    metrics
        .of(split)
        .overall(metrics.decision().name())
        .forEach((metric, value) -> numbers.put(split.key() + "/" + metric.id(), value.value()));
    metrics
        .decision()
        .decision()
        .threshold()
        .ifPresent(threshold -> numbers.put(split.key() + "/threshold", threshold));
    numbers.values().removeIf(value -> !Double.isFinite(value));
    return numbers;
  }

  /** Evaluated splits. */
  public Set<Split> splits() {
    return embeddings.keySet();
  }
}
