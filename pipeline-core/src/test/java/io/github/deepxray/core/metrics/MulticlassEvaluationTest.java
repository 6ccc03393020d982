package io.github.deepxray.core.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.core.DeepXrayException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.SplittableRandom;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class MulticlassEvaluationTest {
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

  private static List<ClassifiedExample> examples() {
    List<ClassifiedExample> examples = new ArrayList<>();
    for (int i = 0; i < LABELS.size(); i++) {
      examples.add(
          new ClassifiedExample("i" + i, "p" + i / 2, LABELS.get(i), PROBABILITIES.get(i)));
    }
    return examples;
  }

  @Test
  void agreesWithScikitLearn() {
    MulticlassEvaluation e = MulticlassEvaluation.of(examples(), 1);
    assertThat(e.images()).isEqualTo(12);
    assertThat(e.patients()).isEqualTo(6);
    assertThat(e.macroAuc().value()).isCloseTo(0.9297619047619049, EXACT);
    assertThat(e.accuracy().value()).isCloseTo(2 / 3.0, EXACT);
    assertThat(e.balancedAccuracy().value()).isCloseTo(0.7, EXACT);
    assertThat(e.macroF1().value()).isCloseTo(0.6626984126984127, EXACT);
    assertThat(e.logLoss().value()).isCloseTo(0.5042187155345551, EXACT);
    assertThat(e.confusion())
        .containsExactly(List.of(3L, 0L, 0L), List.of(1L, 2L, 1L), List.of(1L, 1L, 3L));
    double[][] expected = {
      {3, 1, 1, 7 / 9.0, 0.6, 0.75},
      {4, 0.875, 0.5, 0.875, 2 / 3.0, 0.5714285714285714},
      {5, 0.9142857142857144, 0.6, 0.8571428571428571, 0.75, 2 / 3.0}
    };
    for (int c = 0; c < 3; c++) {
      MulticlassEvaluation.OfClass of = e.classes().get(c);
      assertThat(of.images()).isEqualTo((long) expected[c][0]);
      assertThat(of.auc().value()).isCloseTo(expected[c][1], EXACT);
      assertThat(of.sensitivity().value()).isCloseTo(expected[c][2], EXACT);
      assertThat(of.specificity().value()).isCloseTo(expected[c][3], EXACT);
      assertThat(of.precision().value()).isCloseTo(expected[c][4], EXACT);
      assertThat(of.f1().value()).isCloseTo(expected[c][5], EXACT);
    }
    assertThat(e.accuracy().low()).isLessThan(2 / 3.0);
    assertThat(e.accuracy().high()).isGreaterThan(2 / 3.0).isLessThanOrEqualTo(1);
    assertThat(new SplitScores.Multiclass(examples()).auc()).isCloseTo(e.macroAuc().value(), EXACT);
  }

  /** What two classes give by themselves, more classes give of each of them. */
  @Test
  void eachClassIsMeasuredAgainstTheOthersAsTwoClassesAre() {
    SplittableRandom random = new SplittableRandom(3);
    List<ClassifiedExample> examples = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      double a = random.nextDouble();
      double b = random.nextDouble() * (1 - a);
      examples.add(
          new ClassifiedExample("i" + i, "p" + i, i % 3, List.of(a, b, Math.max(0, 1 - a - b))));
    }
    MulticlassEvaluation e = MulticlassEvaluation.of(examples, 5);
    for (int c = 0; c < 3; c++) {
      int k = c;
      List<ScoredExample> two =
          examples.stream()
              .map(
                  x ->
                      new ScoredExample(
                          x.id(), x.patient(), x.label() == k, x.decided() == k ? 1 : 0))
              .toList();
      ConfusionMatrix counts = ConfusionMatrix.of(two, 0.5);
      MulticlassEvaluation.OfClass of = e.classes().get(c);
      assertThat(of.sensitivity().value()).isCloseTo(counts.sensitivity(), EXACT);
      assertThat(of.specificity().value()).isCloseTo(counts.specificity(), EXACT);
      assertThat(of.precision().value()).isCloseTo(counts.precision(), EXACT);
      assertThat(of.f1().value()).isCloseTo(counts.f1(), EXACT);
      assertThat(of.auc().value())
          .isCloseTo(
              Metrics.auc(
                  examples.stream()
                      .map(
                          x ->
                              new ScoredExample(
                                  x.id(), x.patient(), x.label() == k, x.probabilities().get(k)))
                      .toList()),
              EXACT);
    }
  }

  private static SplitScores scores(double share) {
    List<ClassifiedExample> mixed = new ArrayList<>();
    for (ClassifiedExample e : examples()) {
      mixed.add(
          new ClassifiedExample(
              e.id(),
              e.patient(),
              e.label(),
              e.probabilities().stream().map(p -> (1 - share) * p + share / 3).toList()));
    }
    return new SplitScores.Multiclass(mixed);
  }

  @Test
  void differencesAreThoseOfTheTwoClassifiersMeasuredAlone() {
    OptionalDouble none = OptionalDouble.empty();
    Comparison same = Comparison.of(scores(0), none, scores(0.5), none, 1);
    // Nearer to a third each, but in the same order and decided the same.
    assertThat(same.auc().value()).isCloseTo(0.9297619047619049, EXACT);
    assertThat(same.sensitivity().value()).isCloseTo(0.7, EXACT);
    assertThat(same.specificity().value()).isCloseTo((7 / 9.0 + 0.875 + 6 / 7.0) / 3, EXACT);
    assertThat(same.flipped()).isZero();
    assertThat(same.deltaAuc().value()).isZero();
    assertThat(same.deltaAuc().high()).isCloseTo(0, EXACT);
    assertThat(same.maxDeltaProbability()).isCloseTo(0.5 * (0.93 - 1 / 3.0), EXACT);
    assertThat(same.correlation()).isCloseTo(1, EXACT);
    // Without a preference everything is decided to be of the first class.
    Comparison blind = Comparison.of(scores(0), none, scores(1), none, 1);
    assertThat(blind.accuracy().value()).isCloseTo(0.25, EXACT);
    assertThat(blind.deltaAccuracy().value()).isCloseTo(0.25 - 2 / 3.0, EXACT);
    assertThat(blind.deltaAuc().value()).isCloseTo(0.5 - 0.9297619047619049, EXACT);
    assertThat(blind.flipped()).isEqualTo(7);
  }

  @Test
  void bothClassifiersMustHaveSeenTheSameImages() {
    OptionalDouble none = OptionalDouble.empty();
    assertThatThrownBy(
            () -> Comparison.of(scores(0), none, scores(0).of(List.of(0, 1, 2)), none, 1))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("one saw 12, the other 3");
    SplitScores some = scores(0).of(List.of(7, 3));
    assertThat(scores(0.5).inOrderOf(some).images()).isEqualTo(some.images());
  }

  @Test
  void aNetworksOutputTellsHowManyClassesThereAre() {
    List<SplitScores.Truth> images =
        List.of(new SplitScores.Truth("a", "p", 1), new SplitScores.Truth("b", "q", 0));
    assertThat(SplitScores.of(images, 0.75f, 0.25f).twoClass())
        .containsExactly(
            new ScoredExample("a", "p", true, 0.75), new ScoredExample("b", "q", false, 0.25));
    SplitScores three = SplitScores.of(images, 0.25f, 0.5f, 0.25f, 0, 0, 1);
    assertThat(three.classes()).isEqualTo(3);
    assertThat(three.fewest()).isZero();
    assertThat(((SplitScores.Multiclass) three).examples().get(1).decided()).isEqualTo(2);
    assertThatThrownBy(three::twoClass).isInstanceOf(DeepXrayException.class);
    assertThatThrownBy(() -> SplitScores.of(images, 1, 1, 1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void refusesWhatIsNoProbability() {
    assertThatThrownBy(() -> new ClassifiedExample("a", "p", 0, List.of(1.5, 0.0, 0.0)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new ClassifiedExample("a", "p", 3, List.of(1.0, 0.0, 0.0)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
