package io.github.deepxray.train;

import io.github.deepxray.core.metrics.Decision;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.core.metrics.Thresholds;
import io.github.deepxray.datasets.DatasetProfile;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.train.stage.ClassBalance;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The thresholds of the probability of the second of two classes. None was chosen with the test
 * split.
 *
 * @param half 0.5
 * @param priorCorrected decides as 0.5 would, had the share of positives in training, class weights
 *     counted in, been {@code targetPrevalence}
 * @param sensitivity finds the share {@code targetSensitivity} of the positives in the validation
 *     split, see {@link Thresholds#atSensitivity}: the default for decisions
 * @param targetPrevalence the share of positives assumed for {@code priorCorrected}
 * @param targetSensitivity the share of positives to find
 */
public record DecisionThresholds(
    double half,
    double priorCorrected,
    double sensitivity,
    double targetPrevalence,
    double targetSensitivity)
    implements DecisionRule {
  /** Checks that they are probabilities; the prior-corrected one is NaN without negatives. */
  public DecisionThresholds {
    for (double share : List.of(half, sensitivity, targetPrevalence, targetSensitivity)) {
      if (!(share >= 0 && share <= 1)) {
        throw new IllegalArgumentException("thresholds and shares are from 0 to 1, not " + share);
      }
    }
    if (priorCorrected < 0 || priorCorrected > 1) {
      throw new IllegalArgumentException("a threshold is from 0 to 1, not " + priorCorrected);
    }
  }

  /** The name of the default threshold in reports. */
  public static final String DEFAULT = "validation";

  /** The name of the prior-corrected threshold in reports. */
  public static final String PRIOR = "prior";

  /** The name of 0.5 in reports. */
  public static final String HALF = "0.5";

  /**
   * Chooses the thresholds.
   *
   * @param positiveShare the share of positives in the training split, class weights counted in
   * @param validation the scores of the validation split
   * @param targetPrevalence the share of positives to assume
   * @param targetSensitivity the share of positives to find
   */
  public static DecisionThresholds choose(
      double positiveShare,
      SplitScores validation,
      double targetPrevalence,
      double targetSensitivity) {
    return new DecisionThresholds(
        0.5,
        Thresholds.priorCorrected(positiveShare, targetPrevalence),
        Thresholds.atSensitivity(validation, targetSensitivity),
        targetPrevalence,
        targetSensitivity);
  }

  @Override
  public int classes() {
    return 2;
  }

  /**
   * The prior-corrected decision is left out where it is 0.5: where a balanced loss already assumed
   * the target prevalence.
   */
  @Override
  public Map<String, Decision> decisions() {
    Map<String, Decision> named = new LinkedHashMap<>();
    named.put(DEFAULT, new Decision.Threshold(sensitivity));
    if (Math.abs(priorCorrected - half) > 1e-9) {
      named.put(PRIOR, new Decision.Threshold(priorCorrected));
    }
    named.put(HALF, new Decision.Threshold(half));
    return named;
  }

  @Override
  public DecisionThresholds chosenAgain(ClassBalance classes, SplitScores validation) {
    return choose(classes.positiveShare(), validation, targetPrevalence, targetSensitivity);
  }

  @Override
  public Decision decisionFor(SplitScores validation) {
    return new Decision.Threshold(Thresholds.atSensitivity(validation, targetSensitivity));
  }

  @Override
  public String describe(DatasetProfile profile) {
    return String.format(
        Locale.ROOT,
        "%s from %.4f on, a threshold that finds %s %% of the %s in validation",
        profile.phrases(Label.POSITIVE).name(),
        sensitivity,
        String.format(Locale.ROOT, "%.1f", 100 * targetSensitivity).replaceFirst("\\.0$", ""),
        profile.phrases(Label.POSITIVE).many());
  }
}
