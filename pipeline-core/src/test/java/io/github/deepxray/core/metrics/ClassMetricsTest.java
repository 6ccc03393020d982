package io.github.deepxray.core.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.core.DeepXrayException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Metrics of more than two classes. */
class ClassMetricsTest {
  private static final Offset<Double> EXACT = within(1e-12);

  // The expected values are those of scikit-learn 1.9.1 on the same labels and probabilities:
  // roc_auc_score (multi_class="ovr", and of each column), accuracy_score, balanced_accuracy_score,
  // f1_score, log_loss, confusion_matrix, recall_score, precision_score.
  private static final List<Integer> LABELS = List.of(0, 1, 2, 0, 1, 2, 2, 1, 0, 2, 1, 2);
  private static final List<List<Double>> PROBABILITIES =
      List.of(
          List.of(0.92, 0.03, 0.05),
          List.of(0.38, 0.37, 0.25),
          List.of(0.1, 0.02, 0.88),
          List.of(0.82, 0.07, 0.11),
          List.of(0.33, 0.5, 0.17),
          List.of(0.04, 0.32, 0.64),
          List.of(0.07, 0.01, 0.92),
          List.of(0.11, 0.21, 0.68),
          List.of(0.79, 0.05, 0.16),
          List.of(0.02, 0.54, 0.44),
          List.of(0.05, 0.93, 0.02),
          List.of(0.48, 0.04, 0.48));

  private static SplitScores examples() {
    List<ScoredExample> examples = new ArrayList<>();
    for (int i = 0; i < LABELS.size(); i++) {
      examples.add(new ScoredExample("i" + i, "p" + i / 2, LABELS.get(i), PROBABILITIES.get(i)));
    }
    return new SplitScores(examples);
  }

  private static final Map<String, Decision> MOST = Map.of("most", Decision.MOST_PROBABLE);

  private static double value(Evaluation e, Metric metric) {
    return e.of(metric, "most").value();
  }

  @Test
  void agreesWithScikitLearn() {
    Evaluation e = Evaluation.of(examples(), MOST, 1);
    assertThat(e.images()).containsExactly(3L, 4L, 5L);
    assertThat(e.patients()).isEqualTo(6);
    assertThat(value(e, Metric.AUC)).isCloseTo(0.9297619047619049, EXACT);
    assertThat(value(e, Metric.ACCURACY)).isCloseTo(2 / 3.0, EXACT);
    assertThat(value(e, Metric.BALANCED_ACCURACY)).isCloseTo(0.7, EXACT);
    assertThat(value(e, Metric.SENSITIVITY)).isCloseTo(0.7, EXACT);
    assertThat(value(e, Metric.PRECISION)).isCloseTo(0.6722222222222222, EXACT);
    assertThat(value(e, Metric.F1)).isCloseTo(0.6626984126984127, EXACT);
    assertThat(value(e, Metric.MATTHEWS)).isCloseTo(0.5212765957446809, EXACT);
    assertThat(value(e, Metric.LOG_LOSS)).isCloseTo(0.5042187155345551, EXACT);
    assertThat(value(e, Metric.BRIER)).isCloseTo(0.1503, EXACT);
    Evaluation.AtDecision decided = e.decisions().get("most");
    assertThat(decided.threshold()).isEmpty();
    assertThat(decided.confusion().counts())
        .containsExactly(List.of(3L, 0L, 0L), List.of(1L, 2L, 1L), List.of(1L, 1L, 3L));
    assertThat(decided.confusion().wrong(2)).isEqualTo(2);
    double[][] expected = {
      {1, 1, 7 / 9.0, 0.6, 0.75},
      {0.875, 0.5, 0.875, 2 / 3.0, 0.5714285714285714},
      {0.9142857142857144, 0.6, 0.8571428571428571, 0.75, 2 / 3.0}
    };
    List<Metric> metrics =
        List.of(Metric.AUC, Metric.SENSITIVITY, Metric.SPECIFICITY, Metric.PRECISION, Metric.F1);
    for (int c = 0; c < 3; c++) {
      for (int m = 0; m < metrics.size(); m++) {
        assertThat(e.of(metrics.get(m), "most", c).value()).isCloseTo(expected[c][m], EXACT);
      }
    }
    Interval accuracy = e.of(Metric.ACCURACY, "most");
    assertThat(accuracy.low()).isLessThan(2 / 3.0);
    assertThat(accuracy.high()).isGreaterThan(2 / 3.0).isLessThanOrEqualTo(1);
    assertThat(examples().auc()).isCloseTo(0.9297619047619049, EXACT);
  }

  @Test
  void aMeanOverClassesIsCalledSo() {
    assertThat(Metric.AUC.title(3)).isEqualTo("macro AUC");
    assertThat(Metric.ACCURACY.title(3)).isEqualTo("accuracy");
    assertThat(TargetClasses.of(2)).containsExactly(1);
    assertThat(TargetClasses.of(3)).containsExactly(0, 1, 2);
  }

  /** What two classes give by themselves, more classes give of each of them. */
  @Test
  void eachClassIsMeasuredAgainstTheOthersAsTwoClassesAre() {
    SplittableRandom random = new SplittableRandom(3);
    List<ScoredExample> examples = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      double a = random.nextDouble();
      double b = random.nextDouble() * (1 - a);
      examples.add(
          new ScoredExample("i" + i, "p" + i, i % 3, List.of(a, b, Math.max(0, 1 - a - b))));
    }
    Evaluation e = Evaluation.of(new SplitScores(examples), MOST, 5);
    for (int c = 0; c < 3; c++) {
      int k = c;
      List<ScoredExample> probabilities = new ArrayList<>();
      List<ScoredExample> decisions = new ArrayList<>();
      for (ScoredExample x : examples) {
        boolean is = x.label() == k;
        int decided = Decision.MOST_PROBABLE.decide(x.scores());
        probabilities.add(new ScoredExample(x.id(), x.patient(), is ? 1 : 0, x.score(k)));
        decisions.add(new ScoredExample(x.id(), x.patient(), is ? 1 : 0, decided == k ? 1 : 0));
      }
      Evaluation ofProbabilities = Evaluation.of(new SplitScores(probabilities), MOST, 5);
      Evaluation ofDecisions = Evaluation.of(new SplitScores(decisions), MOST, 5);
      for (Metric metric : Metric.values()) {
        Evaluation two = metric.input().needsDecision() ? ofDecisions : ofProbabilities;
        if (metric.input().isOfClass()) {
          assertThat(e.of(metric, "most", c).value()).isCloseTo(value(two, metric), EXACT);
        }
      }
    }
  }

  private static SplitScores scores(double share) {
    List<ScoredExample> mixed = new ArrayList<>();
    for (ScoredExample e : examples().examples()) {
      mixed.add(
          new ScoredExample(
              e.id(),
              e.patient(),
              e.label(),
              e.scores().stream().map(p -> (1 - share) * p + share / 3).toList()));
    }
    return new SplitScores(mixed);
  }

  @Test
  void differencesAreThoseOfTheTwoClassifiersMeasuredAlone() {
    Decision most = Decision.MOST_PROBABLE;
    Comparison same = Comparison.of(scores(0), most, scores(0.5), most, 1);
    // Nearer to a third each, but in the same order and decided the same.
    assertThat(same.of(Metric.AUC).value()).isCloseTo(0.9297619047619049, EXACT);
    assertThat(same.of(Metric.SENSITIVITY).value()).isCloseTo(0.7, EXACT);
    assertThat(same.of(Metric.SPECIFICITY).value())
        .isCloseTo((7 / 9.0 + 0.875 + 6 / 7.0) / 3, EXACT);
    assertThat(same.flipped()).isZero();
    assertThat(same.difference(Metric.AUC).value()).isZero();
    assertThat(same.difference(Metric.AUC).high()).isCloseTo(0, EXACT);
    assertThat(same.maxDeltaProbability()).isCloseTo(0.5 * (0.93 - 1 / 3.0), EXACT);
    assertThat(same.correlation()).isCloseTo(1, EXACT);
    // Without a preference everything is decided to be of the first class.
    Comparison blind = Comparison.of(scores(0), most, scores(1), most, 1);
    assertThat(blind.of(Metric.ACCURACY).value()).isCloseTo(0.25, EXACT);
    assertThat(blind.difference(Metric.ACCURACY).value()).isCloseTo(0.25 - 2 / 3.0, EXACT);
    assertThat(blind.difference(Metric.AUC).value()).isCloseTo(0.5 - 0.9297619047619049, EXACT);
    assertThat(blind.flipped()).isEqualTo(7);
  }

  @Test
  void bothClassifiersMustHaveSeenTheSameImages() {
    Decision most = Decision.MOST_PROBABLE;
    assertThatThrownBy(
            () -> Comparison.of(scores(0), most, scores(0).of(List.of(0, 1, 2)), most, 1))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("12 and 3");
    SplitScores some = scores(0).of(List.of(7, 3));
    assertThat(scores(0.5).inOrderOf(some).images()).isEqualTo(some.images());
  }

  @Test
  void aNetworksOutputTellsHowManyClassesThereAre() {
    List<SplitScores.Truth> images =
        List.of(new SplitScores.Truth("a", "p", 1), new SplitScores.Truth("b", "q", 0));
    assertThat(SplitScores.of(images, 0.75f, 0.25f).examples())
        .containsExactly(
            new ScoredExample("a", "p", 1, 0.75), new ScoredExample("b", "q", 0, 0.25));
    SplitScores three = SplitScores.of(images, 0.25f, 0.5f, 0.25f, 0, 0, 1);
    assertThat(three.classes()).isEqualTo(3);
    assertThat(three.fewest()).isZero();
    assertThat(Decision.MOST_PROBABLE.decide(three.examples().get(1).scores())).isEqualTo(2);
    assertThatThrownBy(() -> new Decision.Threshold(0.5).decide(List.of(0.2, 0.3, 0.5)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> SplitScores.of(images, 1, 1, 1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void refusesWhatIsNoProbability() {
    assertThatThrownBy(() -> new ScoredExample("a", "p", 0, List.of(1.5, 0.0, 0.0)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new ScoredExample("a", "p", 3, List.of(1.0, 0.0, 0.0)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
