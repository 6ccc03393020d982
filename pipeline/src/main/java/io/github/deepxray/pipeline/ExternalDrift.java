package io.github.deepxray.pipeline;

import io.github.deepxray.core.metrics.Drift;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.core.metrics.TargetClasses;
import io.github.deepxray.datasets.ClassNames;
import io.github.deepxray.datasets.InputStatistics;
import io.github.deepxray.report.ExternalValidation.NamedDrift;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Drift of external images from the bundle's own test split.
 *
 * @param classes the classes
 * @param external the scores of the external images
 * @param own the scores of the own test split
 */
record ExternalDrift(ClassNames classes, SplitScores external, SplitScores own) {
  /** Number of an image that is compared. */
  private record Statistic(String name, ToDoubleFunction<InputStatistics> value) {}

  private static final List<Statistic> STATISTICS =
      List.of(
          new Statistic("brightness", InputStatistics::brightness),
          new Statistic("contrast", InputStatistics::contrast),
          new Statistic("aspect ratio", InputStatistics::aspectRatio),
          new Statistic("size in pixels", InputStatistics::side));

  /**
   * Compares scores and images.
   *
   * @param inputs the statistics of the external images
   * @param ownInputs the statistics of the test images by file name; empty in bundles of earlier
   *     builds
   */
  List<NamedDrift> of(List<InputStatistics> inputs, Map<String, InputStatistics> ownInputs) {
    List<NamedDrift> drift = new ArrayList<>(ofScores());
    drift.addAll(ofInputs(inputs, ownInputs));
    return drift;
  }

  /** Compares the scores, also within each of two classes. */
  private List<NamedDrift> ofScores() {
    List<NamedDrift> drift = new ArrayList<>();
    for (int target : TargetClasses.ofCharts(classes.size())) {
      String name = "probability of " + classes.list().get(target);
      addScores(drift, name, target, e -> true);
      for (int label = 0; classes.size() == 2 && label < 2; label++) {
        int own = label;
        addScores(
            drift,
            name + ", " + classes.list().get(label) + " only",
            target,
            e -> e.label() == own);
      }
    }
    return drift;
  }

  /** Compares the images, as {@link #of} does. */
  List<NamedDrift> ofInputs(List<InputStatistics> inputs, Map<String, InputStatistics> ownInputs) {
    List<NamedDrift> drift = new ArrayList<>();
    List<InputStatistics> before = List.copyOf(ownInputs.values());
    for (Statistic statistic : before.isEmpty() ? List.<Statistic>of() : STATISTICS) {
      drift.add(
          new NamedDrift(
              statistic.name,
              Drift.of(
                  sample(before, statistic.value, own.patients()),
                  sample(inputs, statistic.value, external.patients()))));
    }
    return drift;
  }

  /**
   * Compares the probabilities of unlabelled images with those of the own test split at another
   * prevalence of the second of two classes. A drift says that not only the prevalence differs.
   *
   * @param prevalence the share of the second class in the comparison, above 0 and below 1
   */
  NamedDrift atPrevalence(double prevalence) {
    List<List<Double>> byLabel = new ArrayList<>();
    for (int label = 0; label < 2; label++) {
      int of = label;
      byLabel.add(
          own.examples().stream()
              .filter(e -> e.label() == of)
              .map(e -> e.score(1))
              .sorted()
              .toList());
    }
    // As many images as possible with this share of both classes.
    double all =
        Math.min(byLabel.get(1).size() / prevalence, byLabel.get(0).size() / (1 - prevalence));
    List<Double> before =
        new ArrayList<>(spread(byLabel.get(1), (int) Math.round(all * prevalence)));
    before.addAll(spread(byLabel.get(0), (int) Math.round(all * (1 - prevalence))));
    int patients = (int) Math.max(1, (long) before.size() * own.patients() / own.examples().size());
    return new NamedDrift(
        "probability of " + classes.list().get(1) + ", at the estimated prevalence",
        Drift.of(
            new Drift.Sample(before, patients),
            sample(external.examples(), e -> e.score(1), external.patients())));
  }

  /** Returns a number of the values, at equal distances of their ranks. */
  private static List<Double> spread(List<Double> ascending, int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> ascending.get((int) ((i + 0.5) * ascending.size() / count)))
        .toList();
  }

  private void addScores(
      List<NamedDrift> drift, String name, int target, Predicate<ScoredExample> which) {
    SplitScores before = new SplitScores(own.examples().stream().filter(which).toList());
    SplitScores after = new SplitScores(external.examples().stream().filter(which).toList());
    if (!before.examples().isEmpty() && !after.examples().isEmpty()) {
      drift.add(
          new NamedDrift(
              name,
              Drift.of(
                  sample(before.examples(), e -> e.score(target), before.patients()),
                  sample(after.examples(), e -> e.score(target), after.patients()))));
    }
  }

  private static <T> Drift.Sample sample(List<T> images, ToDoubleFunction<T> value, int patients) {
    return new Drift.Sample(
        images.stream().map(image -> value.applyAsDouble(image)).toList(),
        Math.min(patients, images.size()));
  }
}
