package io.github.deepxray.train;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.github.deepxray.core.metrics.Decision;
import io.github.deepxray.datasets.ClassNames;
import io.github.deepxray.datasets.DatasetProfile;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.train.recipe.ValidationViews;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Record of how the {@link Decision} of a classifier was chosen, without test data: its thresholds
 * and their targets, or the most probable class.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.DEDUCTION)
@JsonSubTypes({
  @JsonSubTypes.Type(DecisionRule.Thresholds.class),
  @JsonSubTypes.Type(DecisionRule.MostProbable.class)
})
public sealed interface DecisionRule {
  /** Number of classes. */
  int classes();

  /** Decisions to report by name, the default first. */
  Map<String, Decision> decisions();

  /** Name of the default decision. */
  default String name() {
    return decisions().keySet().iterator().next();
  }

  /** Default decision, with which the classifier is used. */
  default Decision decision() {
    return decisions().get(name());
  }

  /**
   * Returns a short description of the default decision.
   *
   * @param profile profile with the class names
   */
  String describe(DatasetProfile profile);

  /**
   * Thresholds for the probability of the second of two classes, chosen without the test split.
   *
   * @param half the threshold 0.5
   * @param priorCorrected threshold equivalent to 0.5 for a prevalence of {@code targetPrevalence}
   *     in training, class weights included
   * @param atTargetSensitivity threshold with sensitivity {@code targetSensitivity} on the
   *     validation split: the default
   * @param targetPrevalence prevalence assumed for {@code priorCorrected}
   * @param targetSensitivity sensitivity to reach
   * @param views validation images on which it is reached
   */
  record Thresholds(
      double half,
      double priorCorrected,
      @JsonProperty("sensitivity") double atTargetSensitivity,
      double targetPrevalence,
      double targetSensitivity,
      ValidationViews views)
      implements DecisionRule {
    /** Checks the ranges; {@code priorCorrected} is NaN without negatives. */
    public Thresholds {
      for (double share : List.of(half, atTargetSensitivity, targetPrevalence, targetSensitivity)) {
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

    @Override
    public int classes() {
      return 2;
    }

    /**
     * Returns the decisions without the prior-corrected one if it is 0.5, that is, if a balanced
     * loss already assumed the target prevalence.
     */
    @Override
    public Map<String, Decision> decisions() {
      Map<String, Decision> named = new LinkedHashMap<>();
      named.put(DEFAULT, new Decision.Threshold(atTargetSensitivity));
      if (Math.abs(priorCorrected - half) > 1e-9) {
        named.put(PRIOR, new Decision.Threshold(priorCorrected));
      }
      named.put(HALF, new Decision.Threshold(half));
      return named;
    }

    @Override
    public String describe(DatasetProfile profile) {
      return String.format(
          Locale.ROOT,
          "%s from %.4f on, a threshold that finds %s %% of the %s in %s",
          profile.phrases(Label.POSITIVE).name(),
          atTargetSensitivity,
          String.format(Locale.ROOT, "%.1f", 100 * targetSensitivity).replaceFirst("\\.0$", ""),
          profile.phrases(Label.POSITIVE).many(),
          views == ValidationViews.PLAIN ? "validation" : "randomly framed validation images");
    }
  }

  /**
   * Decision for the class with the highest probability, of more than two classes.
   *
   * @param classShares share of each class in the training split, by label
   */
  record MostProbable(List<Double> classShares) implements DecisionRule {
    /** The name of the decision in reports. */
    public static final String NAME = "most probable";

    /** Copies the list and checks that it has more than two classes. */
    public MostProbable {
      classShares = List.copyOf(classShares);
      if (classShares.size() < 3 || classShares.size() > ClassNames.MOST) {
        throw new IllegalArgumentException(
            "classShares are of 3 to " + ClassNames.MOST + " classes, not " + classShares.size());
      }
      if (!classShares.stream().allMatch(share -> share >= 0 && share <= 1)) {
        throw new IllegalArgumentException("classShares are from 0 to 1");
      }
    }

    @Override
    public int classes() {
      return classShares.size();
    }

    @Override
    public Map<String, Decision> decisions() {
      return Map.of(NAME, Decision.MOST_PROBABLE);
    }

    @Override
    public String describe(DatasetProfile profile) {
      return "the most probable of " + classes() + " classes";
    }
  }
}
