package io.github.deepxray.core.internal.math;

import java.util.Arrays;

/** Correlation of two series. */
public final class Correlation {
  private Correlation() {}

  /** Returns Pearson's correlation, -1..1; NaN if all values of a series are equal. */
  public static double pearson(double[] left, double[] right) {
    double n = left.length;
    double meanLeft = Arrays.stream(left).sum() / n;
    double meanRight = Arrays.stream(right).sum() / n;
    double product = 0;
    double squaresLeft = 0;
    double squaresRight = 0;
    for (int i = 0; i < left.length; i++) {
      double fromLeft = left[i] - meanLeft;
      double fromRight = right[i] - meanRight;
      product += fromLeft * fromRight;
      squaresLeft += fromLeft * fromLeft;
      squaresRight += fromRight * fromRight;
    }
    return product / Math.sqrt(squaresLeft * squaresRight);
  }
}
