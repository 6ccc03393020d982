package io.github.deepxray.core.metrics;

import io.github.deepxray.core.metrics.Drift.Extent;
import java.util.Arrays;

/**
 * Population stability index: a difference between two distributions over the same bins, see {@link
 * Drift}.
 *
 * @param value the index, 0 or more
 * @param limit the value that two sets from one distribution exceed with a probability of about 5 %
 */
public record StabilityIndex(double value, double limit) {
  /** The 95 % quantile of the normal distribution. */
  private static final double NORMAL = 1.6448536269514722;

  /**
   * Compares two sets.
   *
   * @param reference number of images of the reference in each bin
   * @param sample number of images of the new set in each bin
   * @param inverse 1/n + 1/m for the independent observations of the two sets
   */
  static StabilityIndex of(long[] reference, long[] sample, double inverse) {
    int bins = reference.length;
    double all = Arrays.stream(reference).sum() + bins / 2.0;
    double others = Arrays.stream(sample).sum() + bins / 2.0;
    double sum = 0;
    for (int b = 0; b < bins; b++) {
      double a = (reference[b] + 0.5) / all;
      double other = (sample[b] + 0.5) / others;
      sum += (other - a) * StrictMath.log(other / a);
    }
    return new StabilityIndex(sum, chiSquare(bins - 1) * inverse);
  }

  /** The 95 % quantile of χ² (Wilson and Hilferty 1931); 0 for no degree of freedom. */
  private static double chiSquare(int degrees) {
    double part = 2.0 / (9 * Math.max(1, degrees));
    return degrees * StrictMath.pow(1 - part + NORMAL * Math.sqrt(part), 3);
  }

  /** Extent of the difference: moderate from 0.1, large from 0.25 (Siddiqi 2006). */
  public Extent extent() {
    return Extent.of(value, limit, 0.1, 0.25);
  }
}
