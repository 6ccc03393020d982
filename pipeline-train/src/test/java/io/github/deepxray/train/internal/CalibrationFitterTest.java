package io.github.deepxray.train.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.train.ProbabilityCalibration;
import io.github.deepxray.train.ProbabilityCalibration.Method;
import io.github.deepxray.train.recipe.ValidationViews;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Calibrations; the numbers are those that {@code tools/goldens/calibration.py} prints. */
class CalibrationFitterTest {
  private static final int IMAGES = 210;

  private static double sigmoid(double z) {
    return 1 / (1 + Math.exp(-z));
  }

  private static SplitScores two(IntToDoubleFunction logit) {
    return new SplitScores(
        IntStream.range(0, IMAGES)
            .mapToObj(
                i -> {
                  double truth = 2 * Math.sin(i) + Math.cos(3 * i) + Math.sin(7 * i);
                  return new ScoredExample(
                      "i" + i, "p" + i / 2, truth > -0.8 ? 1 : 0, sigmoid(logit.applyAsDouble(i)));
                })
            .toList());
  }

  private static SplitScores overconfidentAndShifted() {
    return two(i -> 1.5 * Math.sin(i) + 0.7 * Math.cos(3 * i));
  }

  private static ProbabilityCalibration fit(SplitScores scores) {
    return new CalibrationFitter(scores, ValidationViews.FRAMED).fit();
  }

  @Test
  void fitsTheSlopeAndOffsetOfScikitLearn() {
    ProbabilityCalibration fitted = fit(overconfidentAndShifted());
    assertThat(fitted.method()).isEqualTo(Method.PLATT);
    assertThat(fitted.slope()).isCloseTo(3.26344, within(1e-4));
    assertThat(fitted.offset()).isCloseTo(2.19151, within(1e-4));
    assertThat(fitted.views()).isEqualTo(ValidationViews.FRAMED);
    assertThat(fitted.shares().get(0) + fitted.shares().get(1)).isCloseTo(1, within(1e-12));
  }

  @Test
  void measuresTheCalibrationErrorsOfNumPy() {
    SplitScores before = overconfidentAndShifted();
    assertThat(before.adaptiveCalibrationError()).isCloseTo(0.22936704588, within(1e-9));
    assertThat(before.of(Metric.CALIBRATION_ERROR)).isCloseTo(0.23138692434, within(1e-9));
    SplitScores after = fit(before).apply(before);
    assertThat(after.adaptiveCalibrationError()).isCloseTo(0.061022, within(1e-5));
    assertThat(after.of(Metric.CALIBRATION_ERROR)).isCloseTo(0.090290, within(1e-5));
  }

  @Test
  void keepsTheOrderOfTheImages() {
    SplitScores before = overconfidentAndShifted();
    ProbabilityCalibration fitted = fit(before);
    assertThat(fitted.apply(before).auc()).isEqualTo(before.auc());
    double last = -1;
    for (double p = 0.02; p < 0.98; p += 0.001) {
      assertThat(fitted.apply(p)).isGreaterThan(last).isBetween(0.0, 1.0);
      assertThat(fitted.inverse().apply(fitted.apply(p))).isCloseTo(p, within(1e-6));
      last = fitted.apply(p);
    }
  }

  @Test
  void theMethodHasTheLowestErrorOnPatientsLeftOut() {
    ProbabilityCalibration fitted = fit(overconfidentAndShifted());
    assertThat(fitted.crossValidated()).containsOnlyKeys(Method.values());
    double chosen = fitted.crossValidated().get(fitted.method()).logLoss();
    assertThat(fitted.crossValidated().values())
        .allSatisfy(errors -> assertThat(errors.logLoss()).isGreaterThanOrEqualTo(chosen));
    assertThat(fitted.crossValidated().get(Method.NONE).logLoss())
        .isCloseTo(overconfidentAndShifted().of(Metric.LOG_LOSS), within(1e-12));
    assertThat(fitted.describe())
        .startsWith("Calibration platt, fitted on randomly framed validation images");
  }

  @Test
  void scoresThatAreRightStayAsTheyAre() {
    // Of each probability as many images are positive as it says.
    List<ScoredExample> examples = new ArrayList<>();
    for (int p = 1; p < 10; p++) {
      for (int i = 0; i < 100; i++) {
        String id = p + "-" + i;
        examples.add(new ScoredExample(id, id, (i * 7 + p) % 10 < p ? 1 : 0, p / 10.0));
      }
    }
    ProbabilityCalibration fitted = fit(new SplitScores(examples));
    assertThat(fitted.method()).isEqualTo(Method.NONE);
    assertThat(fitted.identity()).isTrue();
    assertThat(fitted.apply(0.3)).isEqualTo(0.3);
  }

  @Test
  void scoresThatMisleadAreNotInverted() {
    ProbabilityCalibration fitted = fit(two(i -> -1.5 * Math.sin(i) - 0.7 * Math.cos(3 * i)));
    assertThat(fitted.slope()).isPositive();
    assertThat(fitted.crossValidated()).doesNotContainKey(Method.PLATT);
  }

  @Test
  void fewPatientsOrSeparableClassesAreNoProblem() {
    List<ScoredExample> few = overconfidentAndShifted().examples().subList(0, 6);
    assertThat(fit(new SplitScores(few))).isEqualTo(ProbabilityCalibration.NONE);
    List<ScoredExample> separable = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      separable.add(new ScoredExample("i" + i, "p" + i, i < 20 ? 0 : 1, i < 20 ? 0 : 1));
    }
    ProbabilityCalibration fitted = fit(new SplitScores(separable));
    assertThat(fitted.slope()).isPositive().isFinite();
    assertThat(fitted.apply(0)).isLessThan(0.1);
    assertThat(fitted.apply(1)).isGreaterThan(0.9);
  }

  @Test
  void moreClassesHaveATemperature() {
    List<ScoredExample> examples = new ArrayList<>();
    for (int i = 0; i < IMAGES; i++) {
      double[] logits = {Math.sin(i), Math.cos(2 * i), Math.sin(3 * i)};
      double[] noise = {Math.cos(5 * i), Math.sin(11 * i), Math.cos(13 * i)};
      int label = 0;
      for (int c = 1; c < 3; c++) {
        boolean greater = logits[c] + 0.5 * noise[c] > logits[label] + 0.5 * noise[label];
        label = greater ? c : label;
      }
      double sum = 0;
      for (double z : logits) {
        sum += Math.exp(z);
      }
      double all = sum;
      examples.add(
          new ScoredExample(
              "i" + i,
              "p" + i,
              label,
              IntStream.range(0, 3).mapToObj(c -> Math.exp(logits[c]) / all).toList()));
    }
    SplitScores scores = new SplitScores(examples);
    ProbabilityCalibration fitted = fit(scores);
    assertThat(fitted.method()).isEqualTo(Method.TEMPERATURE);
    assertThat(fitted.slope()).isCloseTo(2.88371, within(1e-4));
    assertThat(fitted.offset()).isZero();
    assertThat(fitted.apply(scores).examples())
        .allSatisfy(
            e ->
                assertThat(e.scores().stream().mapToDouble(p -> p).sum())
                    .isCloseTo(1, within(1e-9)));
  }

  @Test
  void refusesSlopesThatDoNotIncrease() {
    for (double slope : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThatThrownBy(
              () ->
                  new ProbabilityCalibration(
                      Method.PLATT, slope, 0, List.of(), ValidationViews.PLAIN, Map.of()))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
