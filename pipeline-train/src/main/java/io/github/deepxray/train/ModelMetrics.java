package io.github.deepxray.train;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.internal.io.Omittable;
import io.github.deepxray.core.metrics.Evaluation;
import io.github.deepxray.core.metrics.Interval;
import io.github.deepxray.core.metrics.Measurements;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.datasets.ClassNames;
import io.github.deepxray.datasets.Split;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Metrics of a trained classifier on its splits: the content of {@code metrics.json}.
 *
 * @param format {@link #FORMAT}
 * @param model hash of the evaluated classifier's weights
 * @param dataset the fingerprint of the data set
 * @param classes class names
 * @param decision rule by which the decision was chosen
 * @param splits the evaluation of {@code validation} and {@code test}
 * @param slices for each split the evaluation of each finer class of the positive class, with all
 *     images of the negative class, and of the negative class alone; empty if the data set has no
 *     finer classes
 * @param framed the evaluation of randomly framed views of the validation images, see {@link
 *     io.github.deepxray.train.recipe.ValidationViews#FRAMED}
 * @param shortcuts how much the scores depend on each shortcut in the picture, the strongest
 *     shortcut first
 * @param uncalibrated for each split the metrics of probabilities before calibration, see {@link
 *     ProbabilityCalibration}; empty without calibration
 */
public record ModelMetrics(
    String format,
    String model,
    String dataset,
    ClassNames classes,
    DecisionRule decision,
    Map<String, Evaluation> splits,
    Map<String, Map<String, Evaluation>> slices,
    Evaluation framed,
    List<Reliance> shortcuts,
    @Omittable Map<String, Measurements> uncalibrated) {
  /** The name of the file. */
  public static final String FILE = "metrics.json";

  /** The format that this version writes and reads. */
  public static final String FORMAT = "deepxray-metrics/2";

  /**
   * Dependence of the scores of the validation images on a shortcut.
   *
   * <p>The images of each class are ordered by the probability that the shortcut alone gives to
   * their class, from misleading to helpful. A classifier that does not use the shortcut has a
   * correlation near 0 and the same accuracy in each quarter.
   *
   * @param shortcut name of the shortcut, see {@link
   *     io.github.deepxray.datasets.DatasetManifest.Shortcut}
   * @param correlation Spearman's rank correlation of the probabilities that the classifier and the
   *     shortcut give to the images' own class, within each class, mean over the images; 0 where
   *     one of them is constant
   * @param accuracy share of right decisions in each quarter of the images, in that order
   */
  public record Reliance(String shortcut, double correlation, List<Double> accuracy) {
    /** Copies the list and checks the ranges. */
    public Reliance {
      accuracy = List.copyOf(accuracy);
      if (!(Math.abs(correlation) <= 1 + 1e-9)
          || accuracy.size() != 4
          || !accuracy.stream().allMatch(share -> share >= 0 && share <= 1)) {
        throw new IllegalArgumentException(
            "shortcut " + shortcut + ": correlation " + correlation + ", accuracy " + accuracy);
      }
    }
  }

  /** Copies the maps and checks that each evaluation has these classes and decisions. */
  public ModelMetrics {
    splits = ordered(splits);
    Map<String, Map<String, Evaluation>> copies = new LinkedHashMap<>();
    slices.forEach((split, of) -> copies.put(split, ordered(of)));
    slices = Collections.unmodifiableMap(copies);
    for (Split split : List.of(Split.VALIDATION, Split.TEST)) {
      if (!splits.containsKey(split.key())) {
        throw new IllegalArgumentException("the split " + split.key() + " is missing");
      }
    }
    if (decision.classes() != classes.size()) {
      throw new IllegalArgumentException("the decision is not of " + classes.size() + " classes");
    }
    Set<String> names = decision.decisions().keySet();
    shortcuts = List.copyOf(shortcuts);
    uncalibrated = uncalibrated == null ? Map.of() : ordered(uncalibrated);
    Stream.of(
            splits.values().stream(),
            slices.values().stream().flatMap(slice -> slice.values().stream()),
            Stream.of(framed))
        .flatMap(evaluations -> evaluations)
        .forEach(evaluation -> require(evaluation, classes, names));
  }

  private static <T> Map<String, T> ordered(Map<String, T> map) {
    return Collections.unmodifiableMap(new LinkedHashMap<>(map));
  }

  private static void require(Evaluation evaluation, ClassNames classes, Set<String> decisions) {
    if (evaluation.images().size() != classes.size()) {
      throw new IllegalArgumentException(
          "an evaluation is of " + evaluation.images().size() + " classes, not " + classes.size());
    }
    if (!evaluation.decisions().keySet().containsAll(decisions)) {
      throw new IllegalArgumentException(
          "an evaluation is not of the decisions " + String.join(", ", decisions));
    }
  }

  /**
   * Reads the file.
   *
   * @throws DeepXrayException if it is damaged
   * @throws IOException if it cannot be read
   */
  public static ModelMetrics read(Path file) throws IOException {
    return Json.read(file, Map.of(FORMAT, ModelMetrics.class), "evaluate or export again");
  }

  /** The evaluation of a split. */
  public Evaluation of(Split split) {
    return splits.get(split.key());
  }

  /** Returns the overall value of a metric on a split, with the default decision. */
  public Interval of(Split split, Metric metric) {
    return of(split).of(metric, decision.name());
  }

  /** The slices of a split. */
  public Map<String, Evaluation> slices(Split split) {
    return slices.getOrDefault(split.key(), Map.of());
  }

  /** Names of the reported decisions, the default first. */
  public Set<String> decisions() {
    return decision.decisions().keySet();
  }

  /** The metrics of a split as a text table of several lines. */
  public String table(Split split) {
    return MetricsTable.of(this, split);
  }
}
