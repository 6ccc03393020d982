package io.github.deepxray.core.metrics;

import java.util.List;
import java.util.OptionalDouble;

/**
 * Mapping from the probabilities of an image to one class: by a threshold of the second of two
 * classes, or the most probable class. {@code DecisionRule} of the training module describes how a
 * decision was chosen.
 */
public sealed interface Decision {
  /** Rule that chooses the most probable class. */
  Decision MOST_PROBABLE = new MostProbable();

  /**
   * Chooses the second of two classes if its probability is at least the threshold, else the first.
   *
   * @param value the threshold, 0..1
   */
  record Threshold(double value) implements Decision {
    /** Checks the range. */
    public Threshold {
      if (!(value >= 0 && value <= 1)) {
        throw new IllegalArgumentException("a threshold must be 0..1, not " + value);
      }
    }

    @Override
    public int decide(List<Double> scores) {
      if (scores.size() != 2) {
        throw new IllegalArgumentException("a threshold needs 2 classes, not " + scores.size());
      }
      return scores.get(1) >= value ? 1 : 0;
    }

    @Override
    public OptionalDouble threshold() {
      return OptionalDouble.of(value);
    }
  }

  /** Chooses the class with the highest probability; the first of several. */
  record MostProbable() implements Decision {
    @Override
    public int decide(List<Double> scores) {
      int greatest = 0;
      for (int c = 1; c < scores.size(); c++) {
        if (scores.get(c) > scores.get(greatest)) {
          greatest = c;
        }
      }
      return greatest;
    }

    @Override
    public OptionalDouble threshold() {
      return OptionalDouble.empty();
    }
  }

  /**
   * Returns the class for the probabilities of an image.
   *
   * @param scores the probability of each class
   * @return the number of a class
   * @throws IllegalArgumentException if a threshold is applied to more than two classes
   */
  int decide(List<Double> scores);

  /** Decision threshold of a binary classifier, if the rule has one. */
  OptionalDouble threshold();
}
