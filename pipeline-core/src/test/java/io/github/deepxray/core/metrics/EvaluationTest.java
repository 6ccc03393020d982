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
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class EvaluationTest {
  private static final Offset<Double> EXACT = within(1e-12);

  // The expected values are those of scikit-learn 1.7 on the same labels and probabilities.
  private static final int[] LABELS = {0, 0, 1, 1, 0, 1, 1, 0, 1, 1};
  private static final double[] PROBABILITIES = {.1, .4, .35, .8, .4, .4, .9, .65, .65, .99};

  private static List<ScoredExample> examples() {
    List<ScoredExample> examples = new ArrayList<>();
    for (int i = 0; i < LABELS.length; i++) {
      examples.add(new ScoredExample("i" + i, "p" + i, LABELS[i] == 1, PROBABILITIES[i]));
    }
    return examples;
  }

  @Test
  void agreesWithScikitLearn() {
    Evaluation e = Evaluation.of(examples(), Map.of("0.5", 0.5), 1);
    assertThat(e.auc().value()).isCloseTo(0.7708333333333333, EXACT);
    assertThat(e.brier().value()).isCloseTo(0.17076, EXACT);
    assertThat(e.logLoss().value()).isCloseTo(0.49122840629793096, EXACT);
    Evaluation.AtThreshold at = e.thresholds().get("0.5");
    assertThat(at.confusion()).isEqualTo(new ConfusionMatrix(4, 1, 3, 2));
    assertThat(at.truePositives().value()).isEqualTo(4);
    assertThat(at.falsePositives().value()).isEqualTo(1);
    assertThat(at.trueNegatives().value()).isEqualTo(3);
    assertThat(at.falseNegatives().value()).isEqualTo(2);
    assertThat(at.truePositives().low()).isLessThan(4);
    assertThat(at.truePositives().high()).isBetween(5.0, 10.0);
    assertThat(at.accuracy().value()).isCloseTo(0.7, EXACT);
    assertThat(at.sensitivity().value()).isCloseTo(4 / 6.0, EXACT);
    assertThat(at.specificity().value()).isCloseTo(3 / 4.0, EXACT);
    assertThat(at.precision().value()).isCloseTo(0.8, EXACT);
    assertThat(at.f1().value()).isCloseTo(8 / 11.0, EXACT);
    assertThat(e.images()).isEqualTo(10);
    assertThat(e.positives()).isEqualTo(6);
  }

  @Test
  void theCollectionMetricsEqualTheEvaluation() {
    Evaluation e = Evaluation.of(examples(), Map.of(), 1);
    assertThat(Metrics.auc(examples())).isCloseTo(e.auc().value(), EXACT);
    assertThat(Metrics.brier(examples())).isCloseTo(e.brier().value(), EXACT);
    assertThat(Metrics.logLoss(examples())).isCloseTo(e.logLoss().value(), EXACT);
    assertThat(Metrics.expectedCalibrationError(examples()))
        .isCloseTo(e.expectedCalibrationError().value(), EXACT);
  }

  @Test
  void calibrationErrorIsZeroWhereProbabilitiesComeTrue() {
    List<ScoredExample> examples = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      examples.add(new ScoredExample("i" + i, "p" + i, i < 30, 0.3));
    }
    assertThat(Metrics.expectedCalibrationError(examples)).isCloseTo(0, within(1e-9));
    List<ScoredExample> wrong =
        examples.stream()
            .map(e -> new ScoredExample(e.id(), e.patient(), e.positive(), 0.8))
            .toList();
    assertThat(Metrics.expectedCalibrationError(wrong)).isCloseTo(0.5, within(1e-9));
  }

  @Test
  void aucIsTheShareOfPairsInOrder() {
    SplittableRandom random = new SplittableRandom(5);
    List<ScoredExample> examples = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      boolean positive = random.nextInt(3) == 0;
      double p = Math.min(1, random.nextInt(20) / 25.0 + (positive ? 0.2 : 0));
      examples.add(new ScoredExample("i" + i, "p" + i, positive, p));
    }
    double pairs = 0;
    double ordered = 0;
    for (ScoredExample a : examples) {
      for (ScoredExample b : examples) {
        if (a.positive() && !b.positive()) {
          pairs++;
          ordered +=
              a.probability() > b.probability() ? 1 : a.probability() == b.probability() ? 0.5 : 0;
        }
      }
    }
    assertThat(Metrics.auc(examples)).isCloseTo(ordered / pairs, EXACT);
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
      single.add(new ScoredExample("i" + i, "p" + i, positive, p));
      for (int r = 0; r < 4; r++) {
        repeated.add(new ScoredExample("i" + i + r, "p" + i, positive, p));
        separate.add(new ScoredExample("i" + i + r, "p" + i + r, positive, p));
      }
    }
    double once = width(single);
    assertThat(width(repeated)).isCloseTo(once, within(0.15 * once));
    // Taken for independent, four copies would seem twice as sure.
    assertThat(width(separate)).isCloseTo(once / 2, within(0.15 * once));
  }

  private static double width(List<ScoredExample> examples) {
    Interval auc = Evaluation.of(examples, Map.of(), 3).auc();
    assertThat(auc.value()).isBetween(auc.low(), auc.high());
    return auc.high() - auc.low();
  }

  @Test
  void theSameSeedGivesTheSameIntervalsWhateverTheOrder() {
    List<ScoredExample> reversed = new ArrayList<>(examples());
    Collections.reverse(reversed);
    assertThat(Evaluation.of(reversed, Map.of("a", 0.5), 9))
        .isEqualTo(Evaluation.of(examples(), Map.of("a", 0.5), 9));
  }

  @Test
  void oneClassAloneHasNoAuc() {
    List<ScoredExample> positives = examples().stream().filter(ScoredExample::positive).toList();
    Evaluation e = Evaluation.of(positives, Map.of("0.5", 0.5), 1);
    assertThat(e.auc().value()).isNaN();
    assertThat(e.thresholds().get("0.5").specificity().value()).isNaN();
    assertThat(e.thresholds().get("0.5").sensitivity().value()).isCloseTo(4 / 6.0, EXACT);
    assertThat(e.auc()).hasToString("-");
  }

  @Test
  void theThresholdFindsTheShareAskedForAndNoMoreThanNeeded() {
    List<ScoredExample> examples = new ArrayList<>();
    for (int i = 1; i <= 100; i++) {
      examples.add(new ScoredExample("p" + i, "p" + i, true, i / 200.0 + 0.3));
      examples.add(new ScoredExample("n" + i, "n" + i, false, i / 200.0));
    }
    double threshold = Thresholds.atSensitivity(examples, 0.95);
    assertThat(ConfusionMatrix.of(examples, threshold).sensitivity()).isCloseTo(0.95, EXACT);
    assertThat(threshold).isBetween(5 / 200.0 + 0.3, 6 / 200.0 + 0.3);
    assertThat(ConfusionMatrix.of(examples, Thresholds.atSensitivity(examples, 1)).sensitivity())
        .isEqualTo(1);
    assertThatThrownBy(
            () ->
                Thresholds.atSensitivity(
                    examples.stream().filter(e -> !e.positive()).toList(), 0.9))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("no positive");
  }

  @Test
  void priorCorrectionMovesTheThresholdByTheLogOdds() {
    assertThat(Thresholds.priorCorrected(0.5, 0.5)).isCloseTo(0.5, EXACT);
    // Trained where three of four are positive, used where half are.
    assertThat(Thresholds.priorCorrected(0.75, 0.5)).isCloseTo(0.75, EXACT);
    assertThat(Thresholds.priorCorrected(0.5, 0.75)).isCloseTo(0.25, EXACT);
  }
}
