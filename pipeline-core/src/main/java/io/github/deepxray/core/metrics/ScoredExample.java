package io.github.deepxray.core.metrics;

import java.util.List;

/**
 * A classified image.
 *
 * @param id the image's file name
 * @param patient whose image it is
 * @param label the number of its true class
 * @param scores the classifier's probability of each class, 0..1; all together about 1
 */
public record ScoredExample(String id, String patient, int label, List<Double> scores) {
  /** Checks the probabilities and that the label is one of two or more classes. */
  public ScoredExample {
    scores = List.copyOf(scores);
    for (double score : scores) {
      if (!(score >= 0 && score <= 1)) {
        throw new IllegalArgumentException("a probability of " + id + " is " + score);
      }
    }
    if (scores.size() < 2 || label < 0 || label >= scores.size()) {
      throw new IllegalArgumentException(
          "the label of " + id + " is " + label + " of " + scores.size() + " classes");
    }
  }

  /**
   * An image of one of two classes.
   *
   * @param label 1 if it truly is of the second class, else 0
   * @param probability the classifier's probability of the second class, 0..1
   */
  public ScoredExample(String id, String patient, int label, double probability) {
    this(id, patient, label, List.of(1 - probability, probability));
  }

  /** The probability of a class. */
  public double score(int c) {
    return scores.get(c);
  }
}
