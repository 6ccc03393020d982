package io.github.deepxray.core.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.metrics.PooledDifference.Pair;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class PooledDifferenceTest {
  private static final int IMAGES = 240;
  private static final Decision HALF = new Decision.Threshold(0.5);

  /** The scores of a training: the better the farther the classes are apart. */
  private static SplitScores scores(String set, long seed, double apart) {
    SplittableRandom random = new SplittableRandom(seed);
    List<ScoredExample> examples = new ArrayList<>();
    for (int i = 0; i < IMAGES; i++) {
      boolean positive = i % 3 != 0;
      double p = (1 - apart) * random.nextDouble() + (positive ? apart : 0);
      examples.add(new ScoredExample(set + i, set + "patient" + i / 2, positive ? 1 : 0, p));
    }
    return new SplitScores(examples);
  }

  private static Pair pair(String set, long seed) {
    return new Pair(
        scores(set, seed, 0.2), HALF, scores(set, seed + 100, 0.4), new Decision.Threshold(0.6));
  }

  @Test
  void ofOneTrainingItIsTheComparison() {
    Pair pair = pair("a", 1);
    Comparison comparison =
        Comparison.of(
            pair.reference(),
            pair.referenceDecision(),
            pair.candidate(),
            pair.candidateDecision(),
            7);
    PooledDifference difference = PooledDifference.of(List.of(pair), 7);
    assertThat(difference.differences()).isEqualTo(comparison.differences());
    assertThat(difference.pairs()).isEqualTo(1);
  }

  @Test
  void valuesAreMeansOverTheTrainings() {
    Pair one = pair("a", 1);
    Pair other = pair("a", 2);
    PooledDifference both = PooledDifference.of(List.of(one, other), 0);
    PooledDifference first = PooledDifference.of(List.of(one), 0);
    PooledDifference second = PooledDifference.of(List.of(other), 0);
    assertThat(both.of(Metric.AUC).value())
        .isCloseTo(
            (first.of(Metric.AUC).value() + second.of(Metric.AUC).value()) / 2, within(1e-12));
    assertThat(both.of(Metric.SPECIFICITY).value())
        .isCloseTo(
            (first.of(Metric.SPECIFICITY).value() + second.of(Metric.SPECIFICITY).value()) / 2,
            within(1e-12));
    assertThat(both.pairs()).isEqualTo(2);
  }

  /** A training that is repeated says nothing new about patients. */
  @Test
  void theSameTrainingTwiceIsNoMoreCertainThanOnce() {
    Pair pair = pair("a", 1);
    PooledDifference once = PooledDifference.of(List.of(pair), 3);
    PooledDifference twice = PooledDifference.of(List.of(pair, pair), 3);
    assertThat(twice.of(Metric.AUC).low()).isCloseTo(once.of(Metric.AUC).low(), within(1e-12));
    assertThat(twice.of(Metric.AUC).high()).isCloseTo(once.of(Metric.AUC).high(), within(1e-12));
  }

  /** As with a test split that each seed draws anew. */
  @Test
  void patientsOfOtherImagesMakeItMoreCertain() {
    PooledDifference one = PooledDifference.of(List.of(pair("a", 1)), 3);
    PooledDifference four =
        PooledDifference.of(List.of(pair("a", 1), pair("b", 2), pair("c", 3), pair("d", 4)), 3);
    double narrower =
        (four.of(Metric.AUC).high() - four.of(Metric.AUC).low())
            / (one.of(Metric.AUC).high() - one.of(Metric.AUC).low());
    assertThat(narrower).isBetween(0.35, 0.7);
  }

  @Test
  void nothingAndOtherImagesAreRefused() {
    assertThatThrownBy(() -> PooledDifference.of(List.of(), 0))
        .isInstanceOf(IllegalArgumentException.class);
    Pair mixed = new Pair(scores("a", 1, 0.2), HALF, scores("b", 1, 0.2), HALF);
    assertThatThrownBy(() -> PooledDifference.of(List.of(mixed), 0))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("b0");
  }
}
