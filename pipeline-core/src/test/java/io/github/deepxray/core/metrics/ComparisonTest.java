package io.github.deepxray.core.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.core.DeepXrayException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ComparisonTest {
  private static ScoredExample example(int i, boolean positive, double probability) {
    return new ScoredExample("image" + i, "patient" + i / 2, positive, probability);
  }

  /** Overlapping scores of both classes, with noise of so much on top. */
  private static List<ScoredExample> scores(int images, double noise) {
    SplittableRandom base = new SplittableRandom(1);
    SplittableRandom extra = new SplittableRandom(2);
    List<ScoredExample> examples = new ArrayList<>();
    for (int i = 0; i < images; i++) {
      boolean positive = i % 3 != 0;
      double p = 0.7 * base.nextDouble() + (positive ? 0.3 : 0);
      examples.add(
          example(i, positive, Math.min(1, Math.max(0, p + noise * (extra.nextDouble() - 0.5)))));
    }
    return examples;
  }

  @Test
  void differencesAreThoseOfTheTwoClassifiersMeasuredAlone() {
    List<ScoredExample> reference = scores(300, 0);
    List<ScoredExample> candidate = scores(300, 0.4);
    Comparison comparison = Comparison.of(reference, 0.5, candidate, 0.6, 7);
    ConfusionMatrix before = ConfusionMatrix.of(reference, 0.5);
    ConfusionMatrix after = ConfusionMatrix.of(candidate, 0.6);
    assertThat(comparison.images()).isEqualTo(300);
    assertThat(comparison.auc().value()).isCloseTo(Metrics.auc(candidate), within(1e-12));
    assertThat(comparison.deltaAuc().value())
        .isCloseTo(Metrics.auc(candidate) - Metrics.auc(reference), within(1e-12));
    assertThat(comparison.accuracy().value()).isCloseTo(after.accuracy(), within(1e-12));
    assertThat(comparison.deltaAccuracy().value())
        .isCloseTo(after.accuracy() - before.accuracy(), within(1e-12));
    double largest = 0;
    int flipped = 0;
    for (int i = 0; i < 300; i++) {
      double r = reference.get(i).probability();
      double c = candidate.get(i).probability();
      largest = Math.max(largest, Math.abs(r - c));
      flipped += r >= 0.5 != c >= 0.6 ? 1 : 0;
    }
    assertThat(comparison.maxDeltaProbability()).isEqualTo(largest);
    assertThat(comparison.flipped()).isEqualTo(flipped).isPositive();
  }

  @Test
  void aPairedIntervalIsNarrowerThanThatOfOneClassifier() {
    Comparison comparison = Comparison.of(scores(400, 0), 0.5, scores(400, 0.05), 0.5, 0);
    Interval alone = comparison.auc();
    Interval delta = comparison.deltaAuc();
    assertThat(delta.low()).isLessThan(delta.value());
    assertThat(delta.high()).isGreaterThan(delta.value());
    assertThat(delta.high() - delta.low()).isLessThan(0.3 * (alone.high() - alone.low()));
  }

  @Test
  void aClassifierDoesNotDifferFromItself() {
    List<ScoredExample> reference = scores(60, 0);
    List<ScoredExample> shuffled = new ArrayList<>(reference);
    Collections.reverse(shuffled);
    Comparison comparison = Comparison.of(reference, 0.5, shuffled, 0.5, 0);
    assertThat(comparison.deltaAuc()).isEqualTo(new Interval(0, 0, 0));
    assertThat(comparison.deltaAccuracy()).isEqualTo(new Interval(0, 0, 0));
    assertThat(comparison.correlation()).isCloseTo(1, within(1e-12));
    assertThat(comparison.flipped()).isZero();
  }

  @Test
  void correlationIsPearsons() {
    // Pearson's correlation of (.1, .2, .4) and (.3, .2, .7): worked out by hand.
    List<ScoredExample> a =
        List.of(example(0, true, 0.1), example(1, false, 0.2), example(2, true, 0.4));
    List<ScoredExample> b =
        List.of(example(0, true, 0.3), example(1, false, 0.2), example(2, true, 0.7));
    double covariance =
        (0.1 - 0.7 / 3) * (0.3 - 0.4) + (0.2 - 0.7 / 3) * (0.2 - 0.4) + (0.4 - 0.7 / 3) * 0.3;
    double varianceA = 0.01 + 0.04 + 0.16 - 0.49 / 3;
    double varianceB = 0.01 + 0.04 + 0.09;
    assertThat(Comparison.of(a, 0.5, b, 0.5, 0).correlation())
        .isCloseTo(covariance / Math.sqrt(varianceA * varianceB), within(1e-12));
  }

  @Test
  void otherImagesAreRefused() {
    List<ScoredExample> reference = scores(10, 0);
    assertThatThrownBy(() -> Comparison.of(reference, 0.5, reference.subList(0, 9), 0.5, 0))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("10");
    List<ScoredExample> other = new ArrayList<>(reference.subList(0, 9));
    other.add(example(77, true, 0.5));
    assertThatThrownBy(() -> Comparison.of(reference, 0.5, other, 0.5, 0))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("image77");
  }
}
