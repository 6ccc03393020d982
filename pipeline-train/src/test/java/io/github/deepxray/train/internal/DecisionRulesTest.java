package io.github.deepxray.train.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.metrics.BinaryCounts;
import io.github.deepxray.core.metrics.Decision;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.datasets.DatasetProfile;
import io.github.deepxray.keras.internal.EfficientNet;
import io.github.deepxray.tflite.internal.TfLiteEngineFactory;
import io.github.deepxray.train.DecisionRule.MostProbable;
import io.github.deepxray.train.DecisionRule.Thresholds;
import io.github.deepxray.train.ProbabilityCalibration;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.TrainingSpec;
import io.github.deepxray.train.internal.stage.ClassBalance;
import io.github.deepxray.train.recipe.CalibrationMode;
import io.github.deepxray.train.recipe.GuardMode;
import io.github.deepxray.train.recipe.HeadSpec;
import io.github.deepxray.train.recipe.ValidationViews;
import io.github.deepxray.train.stage.Context;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class DecisionRulesTest {
  private static final SplitScores VALIDATION = validation();
  private static final Offset<Double> EXACT = within(1e-12);
  private static final ClassBalance BALANCED = new ClassBalance(List.of(20L, 60L), true);
  private static final ClassBalance PLAIN = new ClassBalance(List.of(20L, 60L), false);

  /** 40 positives at 0.30, 0.31 and so on, 20 negatives from 0.005 on. */
  private static SplitScores validation() {
    List<ScoredExample> examples = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      examples.add(
          new ScoredExample(
              "i" + i, "p" + i, i < 40 ? 1 : 0, i < 40 ? 0.30 + i / 100.0 : (i - 39.5) / 50));
    }
    return new SplitScores(examples);
  }

  private static Thresholds choose(ClassBalance classes, double prevalence) throws IOException {
    TrainingSpec targets =
        new TrainingSpec(
            HeadSpec.of("logistic"),
            0,
            0.95,
            prevalence,
            ValidationViews.PLAIN,
            CalibrationMode.NONE,
            GuardMode.NONE);
    return (Thresholds) DecisionRules.choose(classes, VALIDATION, targets).rule();
  }

  @Test
  void findsTheShareAskedFor() throws IOException {
    Thresholds chosen = choose(BALANCED, 0.5);
    // 38 of 40 must be found: the third lowest, 0.32, is; 0.31 is not.
    assertThat(chosen.atTargetSensitivity()).isBetween(0.31, 0.32);
    assertThat(
            BinaryCounts.of(VALIDATION.examples(), 1, chosen.atTargetSensitivity()).sensitivity())
        .isCloseTo(0.95, EXACT);
    assertThat(chosen.half()).isEqualTo(0.5);
    assertThat(chosen.targetSensitivity()).isEqualTo(0.95);
  }

  /** A balanced loss has seen half of each class; another has seen the shares as they are. */
  @Test
  void correctsForWhatTrainingSaw() throws IOException {
    Thresholds balanced = choose(BALANCED, 0.5);
    assertThat(balanced.priorCorrected()).isCloseTo(0.5, EXACT);
    Thresholds plain = choose(PLAIN, 0.5);
    assertThat(plain.priorCorrected()).isCloseTo(0.75, EXACT);
    // Seen 3 to 1, used 1 to 4: odds of 12 are needed.
    Thresholds rare = choose(PLAIN, 0.2);
    assertThat(rare.priorCorrected()).isCloseTo(12.0 / 13, EXACT);
  }

  @Test
  void namesThemTheDefaultFirst() {
    Thresholds thresholds = new Thresholds(0.5, 0.6, 0.4, 0.5, 0.95, ValidationViews.PLAIN);
    assertThat(thresholds.decisions())
        .containsExactly(
            Map.entry("validation", new Decision.Threshold(0.4)),
            Map.entry("prior", new Decision.Threshold(0.6)),
            Map.entry("0.5", new Decision.Threshold(0.5)));
    assertThat(thresholds.name()).isEqualTo("validation");
    assertThat(thresholds.describe(DatasetProfile.CHEST_XRAY_PNEUMONIA))
        .isEqualTo(
            "pneumonia from 0.4000 on, a threshold that finds 95 % of the pneumonias in"
                + " validation");
  }

  @Test
  void refusesImpossibleOptions() throws IOException {
    HeadSpec head = HeadSpec.of("logistic");
    for (double bad : new double[] {0, 1.01, -1, Double.NaN}) {
      assertThatThrownBy(
              () ->
                  new TrainingSpec(
                      head,
                      0,
                      bad,
                      0.5,
                      ValidationViews.PLAIN,
                      CalibrationMode.NONE,
                      GuardMode.NONE))
          .isInstanceOf(DeepXrayException.class);
      assertThatThrownBy(
              () ->
                  new TrainingSpec(
                      head,
                      0,
                      0.95,
                      bad == 1.01 ? 1 : bad,
                      ValidationViews.PLAIN,
                      CalibrationMode.NONE,
                      GuardMode.NONE))
          .isInstanceOf(DeepXrayException.class);
    }
    Context context = Context.of(new TfLiteEngineFactory(), Path.of("unused"));
    assertThatThrownBy(() -> context.withCheckpointEvery(0))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("checkpoint");
    assertThatThrownBy(() -> context.withCores(0))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("core");
  }

  @Test
  void theThresholdFindsTheShareAskedForAndNoMoreThanNeeded() {
    List<ScoredExample> examples = new ArrayList<>();
    for (int i = 1; i <= 100; i++) {
      examples.add(new ScoredExample("p" + i, "p" + i, 1, i / 200.0 + 0.3));
      examples.add(new ScoredExample("n" + i, "n" + i, 0, i / 200.0));
    }
    SplitScores scores = new SplitScores(examples);
    double threshold = DecisionRules.atSensitivity(scores, 0.95);
    assertThat(BinaryCounts.of(examples, 1, threshold).sensitivity()).isCloseTo(0.95, EXACT);
    assertThat(threshold).isBetween(5 / 200.0 + 0.3, 6 / 200.0 + 0.3);
    assertThat(BinaryCounts.of(examples, 1, DecisionRules.atSensitivity(scores, 1)).sensitivity())
        .isEqualTo(1);
    SplitScores negatives = new SplitScores(examples.stream().filter(e -> e.label() == 0).toList());
    assertThatThrownBy(() -> DecisionRules.atSensitivity(negatives, 0.9))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("no positive");
  }

  /** Of a form with other scores in another order, whatever share the rule aimed at. */
  @Test
  void anotherFormFindsAsManyPositives() {
    SplitScores form =
        new SplitScores(
            VALIDATION.examples().stream()
                .map(e -> new ScoredExample(e.id(), e.patient(), e.label(), 0.9 - e.score(1) / 2))
                .toList());
    // Positives lie at 0.30, 0.31 and so on to 0.69.
    for (int found : new int[] {40, 39, 34, 20, 1}) {
      double threshold = 0.695 - found / 100.0;
      Thresholds rule = new Thresholds(0.5, 0.5, threshold, 0.5, 0.95, ValidationViews.FRAMED);
      assertThat(positives(VALIDATION, rule.decision())).isEqualTo(found);
      assertThat(positives(form, DecisionRules.decisionFor(rule, VALIDATION, form)))
          .isEqualTo(found);
      assertThat(positives(VALIDATION, DecisionRules.decisionFor(rule, VALIDATION, VALIDATION)))
          .isEqualTo(found);
    }
  }

  private static long positives(SplitScores scores, Decision decision) {
    return scores.examples().stream()
        .filter(e -> e.label() == 1 && decision.decide(e.scores()) == 1)
        .count();
  }

  @Test
  void theMostProbableStaysTheDecisionOfAnotherForm() {
    SplitScores scores =
        new SplitScores(List.of(new ScoredExample("i", "p", 2, List.of(0.25, 0.25, 0.5))));
    MostProbable rule = new MostProbable(List.of(0.2, 0.3, 0.5));
    assertThat(DecisionRules.decisionFor(rule, scores, scores)).isEqualTo(Decision.MOST_PROBABLE);
  }

  @Test
  void choosesAgainWithTheSameTargetsOnTheSameViews() throws IOException {
    Thresholds before = new Thresholds(0.5, 0.7, 0.6, 0.2, 0.9, ValidationViews.FRAMED);
    TrainedModel.Description trained =
        new TrainedModel.Description(
            TrainedModel.FORMAT,
            EfficientNet.B0.name(),
            224,
            "ImageNet",
            "ab",
            HeadSpec.of("logistic"),
            5,
            "tflite 2",
            "cd",
            Optional.of(0.75),
            30,
            before,
            Optional.empty(),
            Optional.empty(),
            Map.of(),
            Optional.empty(),
            Fit.STRETCH,
            ProbabilityCalibration.NONE,
            GuardMode.NONE);
    Thresholds chosen = (Thresholds) DecisionRules.rechoose(trained, PLAIN, VALIDATION).rule();
    // 36 of 40 must be found: the fifth lowest, 0.34, is; 0.33 is not.
    assertThat(chosen.atTargetSensitivity()).isBetween(0.33, 0.34);
    assertThat(chosen.priorCorrected()).isCloseTo(12.0 / 13, EXACT);
    assertThat(chosen.targetSensitivity()).isEqualTo(0.9);
    assertThat(chosen.targetPrevalence()).isEqualTo(0.2);
    assertThat(chosen.views()).isEqualTo(ValidationViews.FRAMED);
    assertThat(chosen.describe(DatasetProfile.CHEST_XRAY_PNEUMONIA))
        .endsWith("that finds 90 % of the pneumonias in randomly framed validation images");
  }

  @Test
  void priorCorrectionMovesTheThresholdByTheLogOdds() {
    assertThat(DecisionRules.priorCorrected(0.5, 0.5)).isCloseTo(0.5, EXACT);
    // Trained where three of four are positive, used where half are.
    assertThat(DecisionRules.priorCorrected(0.75, 0.5)).isCloseTo(0.75, EXACT);
    assertThat(DecisionRules.priorCorrected(0.5, 0.75)).isCloseTo(0.25, EXACT);
  }
}
