package io.github.deepxray.core.metrics;

import java.util.Arrays;
import java.util.List;

/**
 * Difference between the distributions of a number in two sets of images, a reference and a new
 * one.
 *
 * <p>The two-sample Kolmogorov-Smirnov statistic is the largest difference between the distribution
 * functions. The population stability index is the sum over bins of {@code (b - a) ln(b / a)} for
 * the shares {@code a} and {@code b} of the two sets (Siddiqi 2006). The bins are limited by the
 * deciles of the reference; half an image is added to each, so that no share is 0.
 *
 * <p>Both statistics are above 0 for small sets without a drift. A limit is the value that two sets
 * from one distribution exceed with a probability of about 5 %, with the patients as independent
 * observations: 1.358 √(1/n + 1/m) (Smirnov 1948), and the 95 % quantile of χ² with one degree of
 * freedom less than there are bins, times 1/n + 1/m (Yurdakul and Naranjo 2020).
 *
 * @param kolmogorovSmirnov the Kolmogorov-Smirnov statistic, 0 for equal distributions to 1 for
 *     distributions that do not overlap
 * @param kolmogorovSmirnovLimit its limit
 * @param stabilityIndex the population stability index, 0 or more
 * @param stabilityIndexLimit its limit
 */
public record Drift(
    double kolmogorovSmirnov,
    double kolmogorovSmirnovLimit,
    double stabilityIndex,
    double stabilityIndexLimit) {
  /** The 95 % quantile of the Kolmogorov distribution. */
  private static final double KOLMOGOROV = 1.3580986393225505;

  /** Extent of a drift: that of the statistic with the larger one, of those above their limits. */
  public enum Extent {
    /** No statistic exceeds its limit. */
    CHANCE("no more than by chance"),
    /** Less than moderate. */
    SMALL("small"),
    /** Stability index from 0.1, Kolmogorov-Smirnov statistic from 0.125. */
    MODERATE("moderate"),
    /** Stability index from 0.25, Kolmogorov-Smirnov statistic from 0.2. */
    LARGE("large");

    private final String words;

    Extent(String words) {
      this.words = words;
    }

    /** Words for the extent within a sentence. */
    public String words() {
      return words;
    }

    static Extent of(double value, double limit, double moderate, double large) {
      if (value <= limit) {
        return CHANCE;
      }
      return value >= large ? LARGE : value >= moderate ? MODERATE : SMALL;
    }
  }

  /**
   * Values of a set of images.
   *
   * @param values one for each image, at least one
   * @param patients the number of their patients
   */
  public record Sample(List<Double> values, int patients) {
    /** Sorts the values and checks the numbers. */
    public Sample {
      values = values.stream().sorted().toList();
      if (values.isEmpty() || values.get(values.size() - 1).isNaN()) {
        throw new IllegalArgumentException("a sample needs values, all of them numbers");
      }
      if (patients < 1 || patients > values.size()) {
        throw new IllegalArgumentException(patients + " patients of " + values.size() + " images");
      }
    }

    private double[] ascending() {
      return values.stream().mapToDouble(Double::doubleValue).toArray();
    }
  }

  /** Compares a sample with a reference. */
  public static Drift of(Sample reference, Sample sample) {
    double[] before = reference.ascending();
    double[] after = sample.ascending();
    double[] edges = edges(before);
    double inverse = 1.0 / reference.patients + 1.0 / sample.patients;
    StabilityIndex index =
        StabilityIndex.of(
            ReferenceBins.counts(edges, before), ReferenceBins.counts(edges, after), inverse);
    return new Drift(
        kolmogorovSmirnov(before, after),
        Math.min(1, KOLMOGOROV * Math.sqrt(inverse)),
        index.value(),
        index.limit());
  }

  /**
   * Extent of the drift. The bounds 0.1 and 0.25 of the stability index are conventions (Siddiqi
   * 2006). Those of the Kolmogorov-Smirnov statistic belong to the same shifts of a normal
   * distribution; it also has a meaning if the reference is constant.
   */
  public Extent extent() {
    Extent byIndex = new StabilityIndex(stabilityIndex, stabilityIndexLimit).extent();
    Extent byStatistic = Extent.of(kolmogorovSmirnov, kolmogorovSmirnovLimit, 0.125, 0.2);
    return byIndex.compareTo(byStatistic) > 0 ? byIndex : byStatistic;
  }

  private static double kolmogorovSmirnov(double[] a, double[] b) {
    double largest = 0;
    int i = 0;
    int j = 0;
    while (i < a.length && j < b.length) {
      double value = Math.min(a[i], b[j]);
      while (i < a.length && a[i] == value) {
        i++;
      }
      while (j < b.length && b[j] == value) {
        j++;
      }
      largest = Math.max(largest, Math.abs((double) i / a.length - (double) j / b.length));
    }
    return largest;
  }

  /** Limits of the bins: the deciles below the largest of ascending values. */
  private static double[] edges(double[] ascending) {
    double last = ascending[ascending.length - 1];
    return Arrays.stream(ReferenceBins.deciles(ascending)).filter(edge -> edge < last).toArray();
  }
}
