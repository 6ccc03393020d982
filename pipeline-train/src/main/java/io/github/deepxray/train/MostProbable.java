package io.github.deepxray.train;

import io.github.deepxray.datasets.ClassNames;
import java.util.List;
import java.util.OptionalDouble;

/**
 * The decision for the class with the greatest probability, of more than two classes.
 *
 * @param classShares the share of each class in the training split, by label
 */
public record MostProbable(List<Double> classShares) implements Decision {
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
  public OptionalDouble threshold() {
    return OptionalDouble.empty();
  }
}
