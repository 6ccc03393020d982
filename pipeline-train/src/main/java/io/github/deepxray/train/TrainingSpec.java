package io.github.deepxray.train;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.train.DecisionRule.Thresholds;
import io.github.deepxray.train.recipe.CalibrationMode;
import io.github.deepxray.train.recipe.GuardMode;
import io.github.deepxray.train.recipe.HeadSpec;
import io.github.deepxray.train.recipe.Recipe;
import io.github.deepxray.train.recipe.ValidationViews;
import io.soabase.recordbuilder.core.RecordBuilder;

/**
 * Specification of training.
 *
 * @param head the head
 * @param seed seed of all random numbers
 * @param targetSensitivity sensitivity of the default threshold on the validation split; unused for
 *     more than two classes
 * @param targetPrevalence prevalence assumed for the prior-corrected threshold; unused for more
 *     than two classes
 * @param thresholdViews validation images on which the default threshold reaches its sensitivity,
 *     and on which the probabilities are calibrated
 * @param calibration choice of the calibration of the probabilities
 * @param guard choice of the input guard
 */
@RecordBuilder
public record TrainingSpec(
    HeadSpec head,
    long seed,
    double targetSensitivity,
    double targetPrevalence,
    ValidationViews thresholdViews,
    CalibrationMode calibration,
    GuardMode guard)
    implements TrainingSpecBuilder.With {
  /** Checks the numbers. */
  public TrainingSpec {
    if (!(targetSensitivity > 0 && targetSensitivity <= 1)) {
      throw new DeepXrayException(
          "The sensitivity to reach must be above 0 and at most 1, not " + targetSensitivity + ".");
    }
    if (!(targetPrevalence > 0 && targetPrevalence < 1)) {
      throw new DeepXrayException(
          "The prevalence must lie between 0 and 1, not " + targetPrevalence + ".");
    }
  }

  /** Returns a specification with the targets of the default recipe. */
  public static TrainingSpec of(HeadSpec head, long seed) {
    return of(Recipe.FAST, seed).withHead(head);
  }

  /** Returns the specification of a recipe, for a prevalence of one half. */
  public static TrainingSpec of(Recipe recipe, long seed) {
    return new TrainingSpec(
        recipe.head(),
        seed,
        recipe.targetSensitivity(),
        0.5,
        recipe.thresholdViews(),
        recipe.calibration(),
        recipe.guard());
  }

  /** Returns the specification with which a classifier was trained. */
  public static TrainingSpec of(TrainedModel.Description trained) {
    boolean calibrated = !trained.calibration().crossValidated().isEmpty();
    TrainingSpec usual =
        of(trained.head(), trained.seed())
            .withThresholdViews(trained.calibration().views())
            .withCalibration(calibrated ? CalibrationMode.AUTO : CalibrationMode.NONE)
            .withGuard(trained.guard());
    return trained.decision() instanceof Thresholds thresholds
        ? usual.with(
            o ->
                o.targetSensitivity(thresholds.targetSensitivity())
                    .targetPrevalence(thresholds.targetPrevalence())
                    .thresholdViews(thresholds.views()))
        : usual;
  }
}
