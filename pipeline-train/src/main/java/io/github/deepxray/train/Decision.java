package io.github.deepxray.train;

import java.util.OptionalDouble;

/** How probabilities become a decision. */
public sealed interface Decision permits DecisionThresholds, MostProbable {
  /** How many classes there are. */
  int classes();

  /** The threshold that is recommended, of two classes. */
  OptionalDouble threshold();
}
