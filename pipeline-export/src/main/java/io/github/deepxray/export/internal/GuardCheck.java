package io.github.deepxray.export.internal;

import io.github.deepxray.datasets.Split;
import io.github.deepxray.train.InputGuard;
import io.github.deepxray.train.internal.ArtifactScorer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Comparison of an artifact's input guard with that of the trained model.
 *
 * @param trained description of the trained model's guard
 * @param scored outputs of the artifact by split
 */
record GuardCheck(InputGuard.Description trained, Map<Split, ArtifactScorer.Scores> scored) {
  /** Number of validation images that are distorted in every way. */
  static final int IMAGES = 8;

  // Shares of images, 0..1.
  private static final double MOST_DIFFERENCE = 0.02;
  private static final double MOST_MISSED = 0.2;

  // In a small split, few images exceed the share.
  private static final double FEW = 5;

  /**
   * Returns the limit of the guard: the recorded one, or the one of the validation split; empty if
   * the artifact has no guard, or its outputs are no shares.
   */
  OptionalDouble limit(OptionalDouble recorded) {
    if (recorded.isPresent() || !scored.containsKey(Split.VALIDATION) || !shares()) {
      return recorded;
    }
    List<Double> validation = scored.get(Split.VALIDATION).unfamiliarities();
    return validation.isEmpty()
        ? OptionalDouble.empty()
        : OptionalDouble.of(
            InputGuard.limit(validation.stream().mapToDouble(Double::doubleValue).toArray()));
  }

  /** Whether all outputs lie between 0 and 1. */
  private boolean shares() {
    return scored.values().stream()
        .flatMap(scores -> scores.unfamiliarities().stream())
        .allMatch(value -> value >= 0 && value <= 1);
  }

  /**
   * Returns what is wrong with the guard, a line each.
   *
   * @param limit as of {@link #limit}
   * @param distorted unfamiliarities of distorted images; empty if they were not run
   */
  List<String> objections(OptionalDouble limit, List<Double> distorted) {
    if (!shares()) {
      return List.of("an output of the input guard is not between 0 and 1");
    }
    boolean runs = scored.values().stream().anyMatch(of -> !of.unfamiliarities().isEmpty());
    if (!trained.present()) {
      return runs || limit.isPresent() ? List.of(InputGuard.FILE + " is missing") : List.of();
    }
    if (limit.isEmpty() || !runs) {
      return List.of("the input guard is missing");
    }
    List<String> objections = new ArrayList<>();
    test(limit.getAsDouble()).ifPresent(objections::add);
    double detected = beyond(distorted, limit.getAsDouble());
    if (!distorted.isEmpty() && detected < trained.detected() - MOST_MISSED) {
      objections.add(
          String.format(
              Locale.ROOT,
              "the input guard flags %.0f %% of distorted images, that of the trained model %.0f"
                  + " %%",
              100 * detected,
              100 * trained.detected()));
    }
    return objections;
  }

  private Optional<String> test(double limit) {
    List<Double> test = scored.get(Split.TEST).unfamiliarities();
    double flagged = beyond(test, limit);
    double expected = trained.flagged().get(Split.TEST.key());
    return Math.abs(flagged - expected) <= Math.max(MOST_DIFFERENCE, FEW / test.size())
        ? Optional.empty()
        : Optional.of(
            String.format(
                Locale.ROOT,
                "test: the input guard flags %.1f %% of the images, that of the trained model"
                    + " %.1f %%",
                100 * flagged,
                100 * expected));
  }

  /** Returns the share of values beyond a limit, 0..1. */
  static double beyond(List<Double> values, double limit) {
    return values.stream().filter(value -> value > limit).count()
        / (double) Math.max(1, values.size());
  }
}
