package io.github.deepxray.core.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.core.DeepXrayException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ComparisonTest {
  private static final Decision HALF = new Decision.Threshold(0.5);

  private static ScoredExample example(int i, boolean positive, double probability) {
    return new ScoredExample("image" + i, "patient" + i / 2, positive ? 1 : 0, probability);
  }

  /** Overlapping scores of both classes, with noise of so much on top. */
  private static SplitScores scores(int images, double noise) {
    SplittableRandom base = new SplittableRandom(1);
    SplittableRandom extra = new SplittableRandom(2);
    List<ScoredExample> examples = new ArrayList<>();
    for (int i = 0; i < images; i++) {
      boolean positive = i % 3 != 0;
      double p = 0.7 * base.nextDouble() + (positive ? 0.3 : 0);
      examples.add(
          example(i, positive, Math.min(1, Math.max(0, p + noise * (extra.nextDouble() - 0.5)))));
    }
    return new SplitScores(examples);
  }

  @Test
  void differencesAreThoseOfTheTwoClassifiersMeasuredAlone() {
    SplitScores reference = scores(300, 0);
    SplitScores candidate = scores(300, 0.4);
    Comparison comparison =
        Comparison.of(reference, HALF, candidate, new Decision.Threshold(0.6), 7);
    BinaryCounts before = BinaryCounts.of(reference.examples(), 1, 0.5);
    BinaryCounts after = BinaryCounts.of(candidate.examples(), 1, 0.6);
    assertThat(comparison.images()).isEqualTo(300);
    assertThat(comparison.of(Metric.AUC).value()).isCloseTo(candidate.auc(), within(1e-12));
    assertThat(comparison.difference(Metric.AUC).value())
        .isCloseTo(candidate.auc() - reference.auc(), within(1e-12));
    assertThat(comparison.of(Metric.ACCURACY).value()).isCloseTo(after.accuracy(), within(1e-12));
    assertThat(comparison.difference(Metric.ACCURACY).value())
        .isCloseTo(after.accuracy() - before.accuracy(), within(1e-12));
    double largest = 0;
    int flipped = 0;
    for (int i = 0; i < 300; i++) {
      double r = reference.examples().get(i).score(1);
      double c = candidate.examples().get(i).score(1);
      largest = Math.max(largest, Math.abs(r - c));
      flipped += r >= 0.5 != c >= 0.6 ? 1 : 0;
    }
    assertThat(comparison.maxDeltaProbability()).isEqualTo(largest);
    assertThat(comparison.flipped()).isEqualTo(flipped).isPositive();
  }

  @Test
  void aPairedIntervalIsNarrowerThanThatOfOneClassifier() {
    Comparison comparison = Comparison.of(scores(400, 0), HALF, scores(400, 0.05), HALF, 0);
    Interval alone = comparison.of(Metric.AUC);
    Interval delta = comparison.difference(Metric.AUC);
    assertThat(delta.low()).isLessThan(delta.value());
    assertThat(delta.high()).isGreaterThan(delta.value());
    assertThat(delta.high() - delta.low()).isLessThan(0.3 * (alone.high() - alone.low()));
  }

  @Test
  void aClassifierDoesNotDifferFromItself() {
    SplitScores reference = scores(60, 0);
    List<ScoredExample> shuffled = new ArrayList<>(reference.examples());
    Collections.reverse(shuffled);
    Comparison comparison = Comparison.of(reference, HALF, new SplitScores(shuffled), HALF, 0);
    assertThat(comparison.difference(Metric.AUC)).isEqualTo(new Interval(0, 0, 0));
    assertThat(comparison.difference(Metric.ACCURACY)).isEqualTo(new Interval(0, 0, 0));
    assertThat(comparison.correlation()).isCloseTo(1, within(1e-12));
    assertThat(comparison.flipped()).isZero();
  }

  @Test
  void correlationIsPearsons() {
    // Pearson's correlation of (.1, .2, .4) and (.3, .2, .7): worked out by hand.
    SplitScores a =
        new SplitScores(
            List.of(example(0, true, 0.1), example(1, false, 0.2), example(2, true, 0.4)));
    SplitScores b =
        new SplitScores(
            List.of(example(0, true, 0.3), example(1, false, 0.2), example(2, true, 0.7)));
    double covariance =
        (0.1 - 0.7 / 3) * (0.3 - 0.4) + (0.2 - 0.7 / 3) * (0.2 - 0.4) + (0.4 - 0.7 / 3) * 0.3;
    double varianceA = 0.01 + 0.04 + 0.16 - 0.49 / 3;
    double varianceB = 0.01 + 0.04 + 0.09;
    assertThat(Comparison.of(a, HALF, b, HALF, 0).correlation())
        .isCloseTo(covariance / Math.sqrt(varianceA * varianceB), within(1e-12));
  }

  @Test
  void otherImagesAreRefused() {
    SplitScores reference = scores(10, 0);
    assertThatThrownBy(
            () -> Comparison.of(reference, HALF, reference.of(List.of(0, 1, 2)), HALF, 0))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("10");
    List<ScoredExample> other = new ArrayList<>(reference.examples().subList(0, 9));
    other.add(example(77, true, 0.5));
    assertThatThrownBy(() -> Comparison.of(reference, HALF, new SplitScores(other), HALF, 0))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("image77");
  }

  @Test
  void aMetricThatAnEarlierVersionDidNotMeasureIsUnknown() {
    Interval auc = new Interval(0.9, 0.8, 1);
    Comparison earlier =
        new Comparison(
            2, Map.of(Metric.AUC, auc), Map.of(Metric.AUC, new Interval(0, 0, 0)), 1, 0, 0);
    assertThat(earlier.of(Metric.AUC)).isEqualTo(auc);
    assertThat(earlier.of(Metric.BRIER)).isEqualTo(Interval.UNKNOWN);
    assertThat(earlier.difference(Metric.BRIER)).isEqualTo(Interval.UNKNOWN);
    Measurements measured = new Measurements(Map.of(), List.of(Map.of(), Map.of()));
    assertThat(measured.of(Metric.AUC)).isEqualTo(Interval.UNKNOWN);
    assertThat(measured.of(Metric.AUC, 1)).isEqualTo(Interval.UNKNOWN);
  }
}
