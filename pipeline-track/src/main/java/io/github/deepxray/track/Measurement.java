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
 * What an evaluation found.
 *
 * @param dataset where the images are
 * @param metrics the metrics
 * @param predictions the probabilities of every image of each evaluated split
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
   * The overall metrics of a split by name, each as {@code <split>/<metric>}, with the decision
   * that counts; and its threshold, if it has one. What is not defined is left out.
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

  /** The evaluated splits. */
  public Set<Split> splits() {
    return embeddings.keySet();
  }
}
