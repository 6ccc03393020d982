package io.github.deepxray.train;

import java.util.List;
import java.util.OptionalDouble;

/**
 * The decision for the class with the greatest probability, of more than two classes.
 *
 * @param classShares the share of each class in the training split, by label
 */
public record MostProbable(List<Double> classShares) implements Decision {
  /** Copies the list. */
  public MostProbable {
    classShares = List.copyOf(classShares);
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
