package io.github.deepxray.train;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.github.deepxray.core.metrics.Decision;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.datasets.DatasetProfile;
import io.github.deepxray.train.stage.ClassBalance;
import java.util.Map;

/** How a classifier decides, and how that was chosen, without looking at test data. */
@JsonTypeInfo(use = JsonTypeInfo.Id.DEDUCTION)
@JsonSubTypes({
  @JsonSubTypes.Type(DecisionThresholds.class),
  @JsonSubTypes.Type(MostProbable.class)
})
public sealed interface DecisionRule permits DecisionThresholds, MostProbable {
  /**
   * Chooses: thresholds between two classes, else the most probable class.
   *
   * @param classes what training saw of each class
   * @param validation the scores of the validation split
   * @param targetPrevalence the share of positives of two classes to assume, 0..1
   * @param targetSensitivity the share of positives of two classes to find, 0..1
   */
  static DecisionRule choose(
      ClassBalance classes,
      SplitScores validation,
      double targetPrevalence,
      double targetSensitivity) {
    return classes.counts().size() == 2
        ? DecisionThresholds.choose(
            classes.positiveShare(), validation, targetPrevalence, targetSensitivity)
        : MostProbable.of(classes.counts());
  }

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
   * The same rule for a classifier that was trained on.
   *
   * @param classes what training saw of each class
   * @param validation the scores of the validation split
   */
  DecisionRule chosenAgain(ClassBalance classes, SplitScores validation);

  /**
   * The decision that counts for another form of the classifier.
   *
   * @param validation the form's scores of the validation split
   */
  Decision decisionFor(SplitScores validation);

  /**
   * What the decision that counts is, in a few words.
   *
   * @param profile how to speak of the classes
   */
  String describe(DatasetProfile profile);
}
