package io.github.deepxray.core.metrics;

import java.util.List;
import java.util.OptionalDouble;

/**
 * Mapping from the probabilities of an image to one class: by a threshold of the second of two
 * classes, or the most probable class. {@code DecisionRule} of the training module describes how a
 * decision was chosen.
 */
public sealed interface Decision {
  /** The decision for the most probable class. */
  Decision MOST_PROBABLE = new MostProbable();

  /**
   * The second of two classes where its probability is at least the threshold, else the first.
   *
   * @param value the threshold, 0..1
   */
  record Threshold(double value) implements Decision {
    /** Checks the range. */
    public Threshold {
      if (!(value >= 0 && value <= 1)) {
        throw new IllegalArgumentException("a threshold is from 0 to 1, not " + value);
      }
    }

    @Override
    public int decide(List<Double> scores) {
      if (scores.size() != 2) {
        throw new IllegalArgumentException(
            "a threshold decides between 2 classes, not " + scores.size());
      }
      return scores.get(1) >= value ? 1 : 0;
    }

    @Override
    public OptionalDouble threshold() {
      return OptionalDouble.of(value);
    }
  }

  /** The class with the greatest probability; of several the first. */
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
   * Decides.
   *
   * @param scores the probability of each class
   * @return the number of a class
   * @throws IllegalArgumentException if a threshold is to decide between more than two classes
   */
  int decide(List<Double> scores);

  /** From which probability on it decides for the second of two classes, if it does so. */
  OptionalDouble threshold();
}
