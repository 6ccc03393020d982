package io.github.deepxray.train.internal;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.metrics.Decision;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.train.DecisionRule;
import io.github.deepxray.train.DecisionRule.MostProbable;
import io.github.deepxray.train.DecisionRule.Thresholds;
import io.github.deepxray.train.TrainingSpec;
import io.github.deepxray.train.internal.stage.ClassBalance;
import java.util.List;

/** Choice of decision rules, without test data. */
public final class DecisionRules {
  private DecisionRules() {}

  /**
   * Chooses thresholds for two classes, or the most probable of more classes.
   *
   * @param classes number and weight of the training images of each class
   * @param validation scores of the validation split
   * @param targets prevalence to assume and sensitivity to reach
   */
  public static DecisionRule choose(
      ClassBalance classes, SplitScores validation, TrainingSpec targets) {
    return classes.counts().size() == 2
        ? thresholds(classes, validation, targets.targetPrevalence(), targets.targetSensitivity())
        : mostProbable(classes.counts());
  }

  /**
   * Chooses the thresholds of a rule again, with the same targets, for a classifier that was
   * trained further.
   *
   * @param classes number and weight of the training images of each class
   * @param validation scores of the validation split
   */
  public static DecisionRule rechoose(
      DecisionRule rule, ClassBalance classes, SplitScores validation) {
    return rule instanceof Thresholds before
        ? thresholds(classes, validation, before.targetPrevalence(), before.targetSensitivity())
        : mostProbable(classes.counts());
  }

  /**
   * Chooses the default decision of another form of the classifier.
   *
   * @param validation scores of the form on the validation split
   */
  public static Decision decisionFor(DecisionRule rule, SplitScores validation) {
    return rule instanceof Thresholds before
        ? new Decision.Threshold(atSensitivity(validation, before.targetSensitivity()))
        : rule.decision();
  }

  private static Thresholds thresholds(
      ClassBalance classes, SplitScores validation, double prevalence, double sensitivity) {
    return new Thresholds(
        0.5,
        priorCorrected(classes.positiveShare(), prevalence),
        atSensitivity(validation, sensitivity),
        prevalence,
        sensitivity);
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
   * @param sensitivity sensitivity to reach, above 0 and at most 1
   * @throws DeepXrayException if there are no positives
   */
  static double atSensitivity(SplitScores validation, double sensitivity) {
    double[] positives =
        validation.examples().stream()
            .filter(e -> e.label() == 1)
            .mapToDouble(e -> e.score(1))
            .sorted()
            .toArray();
    if (positives.length == 0) {
      throw new DeepXrayException(
          "No threshold can be chosen: the validation split has no positive image.");
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
