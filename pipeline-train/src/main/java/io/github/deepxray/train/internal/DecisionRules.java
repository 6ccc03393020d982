package io.github.deepxray.train.internal;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.metrics.Decision;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.train.DecisionRule;
import io.github.deepxray.train.DecisionRule.MostProbable;
import io.github.deepxray.train.DecisionRule.Thresholds;
import io.github.deepxray.train.ProbabilityCalibration;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.TrainingSpec;
import io.github.deepxray.train.internal.stage.ClassBalance;
import io.github.deepxray.train.recipe.CalibrationMode;
import java.util.Arrays;
import java.util.List;

/** Choice of calibrations and decision rules, without test data. */
public final class DecisionRules {
  private DecisionRules() {}

  /** Calibration and the decision rule for calibrated probabilities. */
  public record Choice(ProbabilityCalibration calibration, DecisionRule rule) {}

  /**
   * Chooses a calibration, and thresholds for two classes or the most probable of more classes. The
   * calibration does not change the decisions by the default threshold.
   *
   * @param classes number and weight of the training images of each class
   * @param validation uncalibrated scores of the validation images in the targets' views
   * @param targets calibration, prevalence to assume and sensitivity to reach
   */
  public static Choice choose(ClassBalance classes, SplitScores validation, TrainingSpec targets) {
    DecisionRule rule = rule(classes, validation, targets);
    ProbabilityCalibration calibration =
        targets.calibration() == CalibrationMode.NONE
            ? ProbabilityCalibration.NONE
            : new CalibrationFitter(validation, targets.thresholdViews()).fit();
    return new Choice(
        calibration,
        rule instanceof Thresholds thresholds ? calibrated(thresholds, calibration) : rule);
  }

  private static Thresholds calibrated(Thresholds rule, ProbabilityCalibration calibration) {
    return calibration.identity()
        ? rule
        : new Thresholds(
            rule.half(),
            priorCorrected(calibration.shares().get(1), rule.targetPrevalence()),
            calibration.apply(rule.atTargetSensitivity()),
            rule.targetPrevalence(),
            rule.targetSensitivity(),
            rule.views());
  }

  private static DecisionRule rule(
      ClassBalance classes, SplitScores validation, TrainingSpec targets) {
    return classes.counts().size() == 2
        ? thresholds(classes, validation, targets)
        : mostProbable(classes.counts());
  }

  /**
   * Chooses calibration and thresholds again, with the same targets, for a classifier that was
   * trained further.
   *
   * @param trained description of the classifier before
   * @param classes number and weight of the training images of each class
   * @param validation uncalibrated scores of the validation images in the views of {@link
   *     TrainingSpec#of(TrainedModel.Description)}
   */
  public static Choice rechoose(
      TrainedModel.Description trained, ClassBalance classes, SplitScores validation) {
    return choose(classes, validation, TrainingSpec.of(trained));
  }

  /**
   * Chooses the default decision of another form of the classifier: a threshold that finds as many
   * positives of the validation split as the rule does.
   *
   * @param reference scores of the classifier on the validation split
   * @param form scores of the form on the validation split
   */
  public static Decision decisionFor(DecisionRule rule, SplitScores reference, SplitScores form) {
    if (!(rule instanceof Thresholds thresholds)) {
      return rule.decision();
    }
    double[] positives = positives(reference);
    long found =
        Arrays.stream(positives).filter(p -> p >= thresholds.atTargetSensitivity()).count();
    return new Decision.Threshold(atSensitivity(form, (double) found / positives.length));
  }

  private static Thresholds thresholds(
      ClassBalance classes, SplitScores validation, TrainingSpec targets) {
    return new Thresholds(
        0.5,
        priorCorrected(classes.positiveShare(), targets.targetPrevalence()),
        atSensitivity(validation, targets.targetSensitivity()),
        targets.targetPrevalence(),
        targets.targetSensitivity(),
        targets.thresholdViews());
  }

  /** Returns the scores of the positives in ascending order. */
  private static double[] positives(SplitScores scores) {
    return scores.examples().stream()
        .filter(e -> e.label() == 1)
        .mapToDouble(e -> e.score(1))
        .sorted()
        .toArray();
  }

  private static MostProbable mostProbable(List<Long> counts) {
    double all = counts.stream().mapToLong(Long::longValue).sum();
    return new MostProbable(counts.stream().map(count -> count / all).toList());
  }

  /**
   * Returns a threshold with at least a given sensitivity. It lies halfway between the largest such
   * threshold, which is the score of a positive, and the next lower score of any example, so that
   * rounding differences do not change the decision for that positive.
   *
   * @param validation scores of two classes, of images that were not used in training
   * @param sensitivity sensitivity to reach, 0..1
   * @throws DeepXrayException if there are no positives
   */
  public static double atSensitivity(SplitScores validation, double sensitivity) {
    double[] positives = positives(validation);
    if (positives.length == 0) {
      throw new DeepXrayException("No threshold can be chosen: there is no positive image.");
    }
    int missed = (int) Math.floor(positives.length * (1 - sensitivity) + 1e-9);
    double lowest = positives[Math.min(missed, positives.length - 1)];
    double below =
        validation.examples().stream()
            .mapToDouble(e -> e.score(1))
            .filter(p -> p < lowest)
            .max()
            .orElse(0);
    return (lowest + below) / 2;
  }

  /**
   * Returns the threshold that is equivalent to 0.5 for a classifier trained with prevalence {@code
   * target} (Saerens, Latinne and Decaestecker 2002).
   *
   * @param trained prevalence in training, class weights included, 0..1
   * @param target prevalence where the classifier is used, 0..1
   */
  static double priorCorrected(double trained, double target) {
    double odds = trained / (1 - trained) * (1 - target) / target;
    return odds / (1 + odds);
  }
}
