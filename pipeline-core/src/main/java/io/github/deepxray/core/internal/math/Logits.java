package io.github.deepxray.core.internal.math;

import java.util.Collections;
import java.util.List;

/** Probabilities and their logits, with the same bits on every processor. */
public final class Logits {
  // A probability in 32-bit floats next to 0 or 1; keeps logarithms finite.
  private static final double EPSILON = 1e-7;

  private Logits() {}

  /** Returns the logit of a probability, which is taken as at least 1e-7 and at most 1 - 1e-7. */
  public static double of(double probability) {
    double p = Math.min(Math.max(probability, EPSILON), 1 - EPSILON);
    return StrictMath.log(p) - StrictMath.log1p(-p);
  }

  /** Returns the natural logarithm of a probability, which is taken as at least 1e-7. */
  public static double log(double probability) {
    return StrictMath.log(Math.max(probability, EPSILON));
  }

  /** Returns the probability of a logit. */
  public static double sigmoid(double logit) {
    return 1 / (1 + StrictMath.exp(-logit));
  }

  /** Returns the probabilities of the logits of all classes. */
  public static List<Double> softmax(List<Double> logits) {
    double greatest = Collections.max(logits);
    List<Double> terms = logits.stream().map(z -> StrictMath.exp(z - greatest)).toList();
    double sum = terms.stream().mapToDouble(Double::doubleValue).sum();
    return terms.stream().map(term -> term / sum).toList();
  }
}
