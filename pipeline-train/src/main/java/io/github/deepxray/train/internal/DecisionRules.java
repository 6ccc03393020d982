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

/** Choice of decision rules, without looking at test data. */
public final class DecisionRules {
  private DecisionRules() {}

  /**
   * Chooses: thresholds between two classes, else the most probable class.
   *
   * @param classes what training saw of each class
   * @param validation the scores of the validation split
   * @param targets the prevalence to assume and the sensitivity to reach
   */
  public static DecisionRule choose(
      ClassBalance classes, SplitScores validation, TrainingSpec targets) {
    return classes.counts().size() == 2
        ? thresholds(classes, validation, targets.targetPrevalence(), targets.targetSensitivity())
        : mostProbable(classes.counts());
  }

  /**
   * The same rule for a classifier that was trained on.
   *
   * @param classes what training saw of each class
   * @param validation the scores of the validation split
   */
  public static DecisionRule chosenAgain(
      DecisionRule rule, ClassBalance classes, SplitScores validation) {
    return rule instanceof Thresholds before
        ? thresholds(classes, validation, before.targetPrevalence(), before.targetSensitivity())
        : mostProbable(classes.counts());
  }

  /**
   * The decision that counts for another form of the classifier.
   *
   * @param validation the form's scores of the validation split
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
   * A threshold at which at least that share of the positives is found: halfway between the lowest
   * score that must be found, the largest threshold that would do, and the next lower score of any
   * example, so that a rounding difference does not lose the example it was chosen by.
   *
   * @param validation scores of two classes, of images that were not trained on
   * @param sensitivity the share to find, above 0 and at most 1
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
   * The threshold that decides as 0.5 would, had the classifier been trained where a share {@code
   * target} of the images is positive (Saerens, Latinne and Decaestecker 2002).
   *
   * @param trained the share of positives that training saw, class weights counted in, 0..1
   * @param target the share of positives where the classifier is used, 0..1
   */
  static double priorCorrected(double trained, double target) {
    double odds = trained / (1 - trained) * (1 - target) / target;
    return odds / (1 + odds);
  }
}
