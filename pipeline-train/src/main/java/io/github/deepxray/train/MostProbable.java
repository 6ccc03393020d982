package io.github.deepxray.train;

import io.github.deepxray.core.metrics.Decision;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.datasets.ClassNames;
import io.github.deepxray.datasets.DatasetProfile;
import io.github.deepxray.train.stage.ClassBalance;
import java.util.List;
import java.util.Map;

/**
 * The decision for the class with the greatest probability, of more than two classes.
 *
 * @param classShares the share of each class in the training split, by label
 */
public record MostProbable(List<Double> classShares) implements DecisionRule {
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

  /**
   * After training on so many images of each class.
   *
   * @param counts the number of training images, by label
   */
  static MostProbable of(List<Long> counts) {
    double all = counts.stream().mapToLong(Long::longValue).sum();
    return new MostProbable(counts.stream().map(count -> count / all).toList());
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
  public MostProbable chosenAgain(ClassBalance classes, SplitScores validation) {
    return of(classes.counts());
  }

  @Override
  public Decision decisionFor(SplitScores validation) {
    return Decision.MOST_PROBABLE;
  }

  @Override
  public String describe(DatasetProfile profile) {
    return "the most probable of " + classes() + " classes";
  }
}
