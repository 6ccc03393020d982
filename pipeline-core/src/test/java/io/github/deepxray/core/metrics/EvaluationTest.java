package io.github.deepxray.core.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class EvaluationTest {
  private static final Offset<Double> EXACT = within(1e-12);

  // The expected values are those of scikit-learn 1.7 on the same labels and probabilities.
  private static final int[] LABELS = {0, 0, 1, 1, 0, 1, 1, 0, 1, 1};
  private static final double[] PROBABILITIES = {.1, .4, .35, .8, .4, .4, .9, .65, .65, .99};

  private static SplitScores examples() {
    List<ScoredExample> examples = new ArrayList<>();
    for (int i = 0; i < LABELS.length; i++) {
      examples.add(new ScoredExample("i" + i, "p" + i, LABELS[i], PROBABILITIES[i]));
    }
    return new SplitScores(examples);
  }

  private static Map<String, Decision> at(double threshold) {
    return Map.of("half", new Decision.Threshold(threshold));
  }

  private static double value(Evaluation e, Metric metric) {
    return e.of(metric, "half").value();
  }

  private static double value(List<ScoredExample> examples, Metric metric) {
    return value(Evaluation.of(new SplitScores(examples), at(0.5), 1), metric);
  }

  @Test
  void scoresAloneHaveTheAreaAndItsInterval() {
    assertThat(examples().auc(1))
        .isEqualTo(Evaluation.of(examples(), at(0.5), 1).of(Metric.AUC, "half"));
    SplitScores one = new SplitScores(examples().examples().subList(0, 2));
    assertThat(one.auc(1).value()).isNaN();
  }

  @Test
  void agreesWithScikitLearn() {
    Evaluation e = Evaluation.of(examples(), at(0.5), 1);
    assertThat(value(e, Metric.AUC)).isCloseTo(0.7708333333333333, EXACT);
    assertThat(value(e, Metric.BRIER)).isCloseTo(0.17076, EXACT);
    assertThat(value(e, Metric.LOG_LOSS)).isCloseTo(0.49122840629793096, EXACT);
    assertThat(value(e, Metric.ACCURACY)).isCloseTo(0.7, EXACT);
    assertThat(value(e, Metric.BALANCED_ACCURACY)).isCloseTo((4 / 6.0 + 3 / 4.0) / 2, EXACT);
    assertThat(value(e, Metric.SENSITIVITY)).isCloseTo(4 / 6.0, EXACT);
    assertThat(value(e, Metric.SPECIFICITY)).isCloseTo(3 / 4.0, EXACT);
    assertThat(value(e, Metric.PRECISION)).isCloseTo(0.8, EXACT);
    assertThat(value(e, Metric.F1)).isCloseTo(8 / 11.0, EXACT);
    assertThat(value(e, Metric.MATTHEWS)).isCloseTo(0.408248290463863, EXACT);
    Evaluation.AtDecision decided = e.decisions().get("half");
    assertThat(decided.threshold()).hasValue(0.5);
    assertThat(decided.confusion().counts()).containsExactly(List.of(3L, 1L), List.of(2L, 4L));
    assertThat(e.images()).containsExactly(4L, 6L);
    assertThat(e.total()).isEqualTo(10);
    assertThat(examples().auc()).isCloseTo(0.7708333333333333, EXACT);
    assertThat(examples().losses().stream().mapToDouble(l -> l).average().orElseThrow())
        .isCloseTo(0.49122840629793096, EXACT);
  }

  @Test
  void theFirstOfTwoClassesIsTheComplementOfTheSecond() {
    Evaluation e = Evaluation.of(examples(), at(0.5), 1);
    assertThat(e.of(Metric.SENSITIVITY, "half", 0)).isEqualTo(e.of(Metric.SPECIFICITY, "half", 1));
    assertThat(e.of(Metric.SPECIFICITY, "half", 0)).isEqualTo(e.of(Metric.SENSITIVITY, "half", 1));
    for (Metric metric : Metric.values()) {
      assertThat(metric.title(2)).isEqualTo(metric.title());
      if (metric.input().isOfClass()) {
        assertThat(e.of(metric, "half")).isEqualTo(e.of(metric, "half", 1));
      }
    }
  }

  @Test
  void aClassifierThatAlwaysSaysTheSameHasNoCorrelation() {
    Evaluation e = Evaluation.of(examples(), at(0), 1);
    assertThat(value(e, Metric.MATTHEWS)).isZero();
    assertThat(value(e, Metric.BALANCED_ACCURACY)).isEqualTo(0.5);
  }

  @Test
  void calibrationErrorIsZeroWhereProbabilitiesComeTrue() {
    List<ScoredExample> examples = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      examples.add(new ScoredExample("i" + i, "p" + i, i < 30 ? 1 : 0, 0.3));
    }
    assertThat(value(examples, Metric.CALIBRATION_ERROR)).isCloseTo(0, within(1e-9));
    List<ScoredExample> wrong =
        examples.stream().map(e -> new ScoredExample(e.id(), e.patient(), e.label(), 0.8)).toList();
    assertThat(value(wrong, Metric.CALIBRATION_ERROR)).isCloseTo(0.5, within(1e-9));
  }

  @Test
  void aucIsTheShareOfPairsInOrder() {
    SplittableRandom random = new SplittableRandom(5);
    List<ScoredExample> examples = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      boolean positive = random.nextInt(3) == 0;
      double p = Math.min(1, random.nextInt(20) / 25.0 + (positive ? 0.2 : 0));
      examples.add(new ScoredExample("i" + i, "p" + i, positive ? 1 : 0, p));
    }
    double pairs = 0;
    double ordered = 0;
    for (ScoredExample a : examples) {
      for (ScoredExample b : examples) {
        if (a.label() > b.label()) {
          pairs++;
          ordered += a.score(1) > b.score(1) ? 1 : a.score(1) == b.score(1) ? 0.5 : 0;
        }
      }
    }
    assertThat(new SplitScores(examples).auc()).isCloseTo(ordered / pairs, EXACT);
  }

  @Test
  void imagesOfOnePatientWidenTheIntervalAsOneImageWould() {
    SplittableRandom random = new SplittableRandom(6);
    List<ScoredExample> single = new ArrayList<>();
    List<ScoredExample> repeated = new ArrayList<>();
    List<ScoredExample> separate = new ArrayList<>();
    for (int i = 0; i < 120; i++) {
      boolean positive = i % 2 == 0;
      double p =
          Math.max(0, Math.min(1, 0.5 + (positive ? 0.15 : -0.15) + random.nextDouble() - 0.5));
      single.add(new ScoredExample("i" + i, "p" + i, positive ? 1 : 0, p));
      for (int r = 0; r < 4; r++) {
        repeated.add(new ScoredExample("i" + i + r, "p" + i, positive ? 1 : 0, p));
        separate.add(new ScoredExample("i" + i + r, "p" + i + r, positive ? 1 : 0, p));
      }
    }
    double once = width(single);
    assertThat(width(repeated)).isCloseTo(once, within(0.15 * once));
    // Taken for independent, four copies would seem twice as sure.
    assertThat(width(separate)).isCloseTo(once / 2, within(0.15 * once));
  }

  private static double width(List<ScoredExample> examples) {
    Interval auc =
        Evaluation.of(new SplitScores(examples), Map.of(), 3).probabilities().of(Metric.AUC);
    assertThat(auc.value()).isBetween(auc.low(), auc.high());
    return auc.high() - auc.low();
  }

  @Test
  void theSameSeedGivesTheSameIntervalsWhateverTheOrder() {
    List<ScoredExample> reversed = new ArrayList<>(examples().examples());
    Collections.reverse(reversed);
    assertThat(Evaluation.of(new SplitScores(reversed), at(0.5), 9))
        .isEqualTo(Evaluation.of(examples(), at(0.5), 9));
  }

  @Test
  void oneClassAloneHasNoAuc() {
    List<ScoredExample> positives =
        examples().examples().stream().filter(e -> e.label() == 1).toList();
    Evaluation e = Evaluation.of(new SplitScores(positives), at(0.5), 1);
    assertThat(value(e, Metric.AUC)).isNaN();
    assertThat(value(e, Metric.SPECIFICITY)).isNaN();
    assertThat(value(e, Metric.MATTHEWS)).isNaN();
    assertThat(value(e, Metric.SENSITIVITY)).isCloseTo(4 / 6.0, EXACT);
    assertThat(e.of(Metric.AUC, "half")).hasToString("-");
  }
}
