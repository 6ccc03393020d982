package io.github.deepxray.core.metrics;

import io.github.deepxray.core.DeepXrayException;

/** Rules that choose a decision threshold without looking at test data. */
public final class Thresholds {
  private Thresholds() {}

  /**
   * A threshold at which at least that share of the positives is found: halfway between the lowest
   * score that must be found, the largest threshold that would do, and the next lower score of any
   * example, so that a rounding difference does not lose the example it was chosen by.
   *
   * @param validation scores of two classes, of images that were not trained on
   * @param sensitivity the share to find, above 0 and at most 1
   * @throws DeepXrayException if there are no positives
   */
  public static double atSensitivity(SplitScores validation, double sensitivity) {
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
  public static double priorCorrected(double trained, double target) {
    double odds = trained / (1 - trained) * (1 - target) / target;
    return odds / (1 + odds);
  }
}
