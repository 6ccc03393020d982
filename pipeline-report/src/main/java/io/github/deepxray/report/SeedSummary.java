package io.github.deepxray.report;

import java.util.List;
import java.util.Locale;

/**
 * A value measured in several trainings.
 *
 * @param mean the mean; NaN of none
 * @param deviation the standard deviation of the sample, divided by n - 1; NaN of fewer than two
 * @param least the least value
 * @param most the greatest value
 */
public record SeedSummary(double mean, double deviation, double least, double most) {
  /** Of these values. */
  public static SeedSummary of(List<Double> values) {
    double mean = values.stream().mapToDouble(v -> v).average().orElse(Double.NaN);
    double squared = values.stream().mapToDouble(v -> (v - mean) * (v - mean)).sum();
    return new SeedSummary(
        mean,
        values.size() < 2 ? Double.NaN : Math.sqrt(squared / (values.size() - 1)),
        values.stream().mapToDouble(v -> v).min().orElse(Double.NaN),
        values.stream().mapToDouble(v -> v).max().orElse(Double.NaN));
  }

  /** Four decimals, for example {@code 0.9653 ± 0.0020}. */
  @Override
  public String toString() {
    if (Double.isNaN(mean)) {
      return "-";
    }
    return Double.isNaN(deviation)
        ? String.format(Locale.ROOT, "%.4f", mean)
        : String.format(Locale.ROOT, "%.4f ± %.4f", mean, deviation);
  }
}
