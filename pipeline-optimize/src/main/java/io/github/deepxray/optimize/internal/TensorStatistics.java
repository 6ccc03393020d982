package io.github.deepxray.optimize.internal;

import java.util.Arrays;

/** Statistics of a tensor over examples. */
public final class TensorStatistics {
  private final float[] exampleMinima;
  private final float[] exampleMaxima;
  private final Histogram histogram;

  private TensorStatistics(float[] exampleMinima, float[] exampleMaxima, Histogram histogram) {
    this.exampleMinima = exampleMinima;
    this.exampleMaxima = exampleMaxima;
    this.histogram = histogram;
  }

  /**
   * Creates statistics from copies of the values.
   *
   * @param exampleMinima the smallest value of each example
   * @param exampleMaxima the largest value of each example
   * @param histogram the values of all examples
   */
  public static TensorStatistics of(
      float[] exampleMinima, float[] exampleMaxima, Histogram histogram) {
    if (exampleMinima.length == 0 || exampleMinima.length != exampleMaxima.length) {
      throw new IllegalArgumentException(
          exampleMinima.length + " minima, " + exampleMaxima.length + " maxima");
    }
    return new TensorStatistics(exampleMinima.clone(), exampleMaxima.clone(), histogram);
  }

  /** Number of examples. */
  public int examples() {
    return exampleMinima.length;
  }

  /** Smallest value of an example. */
  public float exampleMin(int example) {
    return exampleMinima[example];
  }

  /** Largest value of an example. */
  public float exampleMax(int example) {
    return exampleMaxima[example];
  }

  /** Smallest value of all. */
  public double min() {
    double min = exampleMinima[0];
    for (float value : exampleMinima) {
      min = Math.min(min, value);
    }
    return min;
  }

  /** Largest value of all. */
  public double max() {
    double max = exampleMaxima[0];
    for (float value : exampleMaxima) {
      max = Math.max(max, value);
    }
    return max;
  }

  /** Histogram of all values. */
  public Histogram histogram() {
    return histogram;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TensorStatistics s
        && Arrays.equals(exampleMinima, s.exampleMinima)
        && Arrays.equals(exampleMaxima, s.exampleMaxima)
        && histogram.equals(s.histogram);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(exampleMinima) + histogram.hashCode();
  }

  @Override
  public String toString() {
    return min() + " to " + max() + " in " + examples() + " examples, " + histogram;
  }
}
