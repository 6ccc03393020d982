package io.github.deepxray.core.metrics;

import java.util.Locale;

/**
 * Measured value with its 95 % interval. All three are NaN where the value is undefined, such as
 * the specificity of a slice without negatives.
 *
 * @param value the value on the original examples
 * @param low the 2.5 % quantile over the resamples
 * @param high the 97.5 % quantile over the resamples
 */
public record Interval(double value, double low, double high) {
  /** Interval of an undefined or unknown value. */
  public static final Interval UNKNOWN = new Interval(Double.NaN, Double.NaN, Double.NaN);

  /**
   * Formats the value and the interval with three decimals, for example {@code 0.967
   * (0.953-0.979)}.
   */
  @Override
  public String toString() {
    return Double.isNaN(value)
        ? "-"
        : String.format(Locale.ROOT, "%.3f (%.3f-%.3f)", value, low, high);
  }
}
