package io.github.deepxray.core.metrics;

import java.util.List;

/**
 * Classified image.
 *
 * @param id the image's file name
 * @param patient the patient of the image
 * @param label the number of the true class
 * @param scores the predicted probability of each class, 0..1; the sum is about 1
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
   * Creates an image of a binary classifier.
   *
   * @param label 1 if the true class is the second, else 0
   * @param probability the predicted probability of the second class, 0..1
   */
  public ScoredExample(String id, String patient, int label, double probability) {
    this(id, patient, label, List.of(1 - probability, probability));
  }

  /** Probability of a class. */
  public double score(int c) {
    return scores.get(c);
  }
}
