package io.github.deepxray.train;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.github.deepxray.core.metrics.Decision;
import io.github.deepxray.datasets.ClassNames;
import io.github.deepxray.datasets.DatasetProfile;
import io.github.deepxray.datasets.Label;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** How a classifier decides, and how that was chosen, without looking at test data. */
@JsonTypeInfo(use = JsonTypeInfo.Id.DEDUCTION)
@JsonSubTypes({
  @JsonSubTypes.Type(DecisionRule.Thresholds.class),
  @JsonSubTypes.Type(DecisionRule.MostProbable.class)
})
public sealed interface DecisionRule {
  /** How many classes there are. */
  int classes();

  /** The decisions to report by their names, the one that counts first. */
  Map<String, Decision> decisions();

  /** The name of the decision that counts. */
  default String name() {
    return decisions().keySet().iterator().next();
  }

  /** The decision that counts. */
  default Decision decision() {
    return decisions().get(name());
  }

  /**
   * What the decision that counts is, in a few words.
   *
   * @param profile how to speak of the classes
   */
  String describe(DatasetProfile profile);

  /**
   * The thresholds of the probability of the second of two classes. None was chosen with the test
   * split.
   *
   * @param half 0.5
   * @param priorCorrected decides as 0.5 would, had the share of positives in training, class
   *     weights counted in, been {@code targetPrevalence}
   * @param atTargetSensitivity finds the share {@code targetSensitivity} of the positives in the
   *     validation split: the default for decisions
   * @param targetPrevalence the share of positives assumed for {@code priorCorrected}
   * @param targetSensitivity the share of positives to find
   */
  record Thresholds(
      double half,
      double priorCorrected,
      @JsonProperty("sensitivity") double atTargetSensitivity,
      double targetPrevalence,
      double targetSensitivity)
      implements DecisionRule {
    /** Checks that they are probabilities; the prior-corrected one is NaN without negatives. */
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
     * The prior-corrected decision is left out where it is 0.5: where a balanced loss already
     * assumed the target prevalence.
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
          "%s from %.4f on, a threshold that finds %s %% of the %s in validation",
          profile.phrases(Label.POSITIVE).name(),
          atTargetSensitivity,
          String.format(Locale.ROOT, "%.1f", 100 * targetSensitivity).replaceFirst("\\.0$", ""),
          profile.phrases(Label.POSITIVE).many());
    }
  }

  /**
   * The decision for the class with the greatest probability, of more than two classes.
   *
   * @param classShares the share of each class in the training split, by label
   */
  record MostProbable(List<Double> classShares) implements DecisionRule {
    /** The name of the decision in reports. */
    public static final String NAME = "most probable";

    /** Copies the list and checks that it holds the shares of more than two classes. */
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
