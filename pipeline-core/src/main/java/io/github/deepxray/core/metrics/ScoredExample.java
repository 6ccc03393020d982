package io.github.deepxray.core.metrics;

/**
 * A classified image.
 *
 * @param id the image's file name
 * @param patient whose image it is
 * @param positive whether it truly is of the positive class
 * @param probability the classifier's probability of the positive class, 0..1
 */
public record ScoredExample(String id, String patient, boolean positive, double probability) {
  /** Checks the probability. */
  public ScoredExample {
    if (!(probability >= 0 && probability <= 1)) {
      throw new IllegalArgumentException("probability of " + id + " is " + probability);
    }
  }
}
