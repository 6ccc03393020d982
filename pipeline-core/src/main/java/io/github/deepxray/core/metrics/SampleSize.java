package io.github.deepxray.core.metrics;

import java.util.function.LongPredicate;

/**
 * Number of independent patients that an evaluation of two classes needs for 95 % intervals of a
 * given width.
 *
 * <p>A sensitivity or specificity has Wilson's interval (1927). An area under the ROC curve has the
 * normal interval with the standard error of Hanley and McNeil (1982). The numbers by class follow
 * from the prevalence (Buderer 1996).
 *
 * @param withDisease the number of patients of the positive class
 * @param withoutDisease the number of patients of the negative class
 */
public record SampleSize(long withDisease, long withoutDisease) {
  private static final double Z = 1.959963984540054;
  private static final long MOST = 1L << 30;

  /** Checks that the numbers are counts. */
  public SampleSize {
    if (withDisease < 0 || withoutDisease < 0) {
      throw new IllegalArgumentException("counts are 0 or more");
    }
  }

  /**
   * Patients for a sensitivity; only those with the disease count.
   *
   * @param expected the expected sensitivity, 0..1
   * @param width the width of the interval from its lower to its upper end, 0.001..1
   * @throws IllegalArgumentException if a number is out of range
   */
  public static SampleSize ofSensitivity(double expected, double width) {
    return new SampleSize(ofShare(expected, width), 0);
  }

  /**
   * Patients for a specificity; only those without the disease count.
   *
   * @param expected the expected specificity, 0..1
   * @param width the width of the interval from its lower to its upper end, 0.001..1
   * @throws IllegalArgumentException if a number is out of range
   */
  public static SampleSize ofSpecificity(double expected, double width) {
    return new SampleSize(0, ofShare(expected, width));
  }

  private static long ofShare(double expected, double width) {
    require(expected >= 0 && expected <= 1, "an expected share must be 0..1", expected);
    requireWidth(width);
    return least(
        n -> {
          Interval interval = CalibrationBin.wilson(expected, (int) n);
          return interval.high() - interval.low() <= width;
        });
  }

  /**
   * Patients for an area under the ROC curve.
   *
   * @param expected the expected area, from 0.5 to below 1
   * @param width the width of the interval from its lower to its upper end, 0.001..1
   * @param prevalence the share of patients with the disease, between 0 and 1
   * @throws IllegalArgumentException if a number is out of range
   */
  public static SampleSize ofAuc(double expected, double width, double prevalence) {
    require(expected >= 0.5 && expected < 1, "an expected AUC must be 0.5 to below 1", expected);
    requireWidth(width);
    requirePrevalence(prevalence);
    long with = least(n -> 2 * Z * standardError(expected, n, others(n, prevalence)) <= width);
    return new SampleSize(with, others(with, prevalence));
  }

  /**
   * Standard error of an area under the ROC curve (Hanley and McNeil 1982).
   *
   * @param auc the area, 0.5..1
   * @param withDisease the number of patients of the positive class, 1 or more
   * @param withoutDisease the number of patients of the negative class, 1 or more
   */
  public static double standardError(double auc, long withDisease, long withoutDisease) {
    double q1 = auc / (2 - auc);
    double q2 = 2 * auc * auc / (1 + auc);
    double variance =
        auc * (1 - auc)
            + (withDisease - 1) * (q1 - auc * auc)
            + (withoutDisease - 1) * (q2 - auc * auc);
    return Math.sqrt(variance / withDisease / withoutDisease);
  }

  /** Patients that meet both requirements. */
  public SampleSize and(SampleSize other) {
    return new SampleSize(
        Math.max(withDisease, other.withDisease), Math.max(withoutDisease, other.withoutDisease));
  }

  /**
   * Number of consecutive patients among whom so many of each class are expected.
   *
   * @param prevalence the share of patients with the disease, between 0 and 1
   * @throws IllegalArgumentException if it is out of range
   */
  public long consecutive(double prevalence) {
    requirePrevalence(prevalence);
    return (long)
        Math.ceil(Math.max(withDisease / prevalence, withoutDisease / (1 - prevalence)) - 1e-9);
  }

  private static long others(long with, double prevalence) {
    return Math.max(1, (long) Math.ceil(with * (1 - prevalence) / prevalence - 1e-9));
  }

  private static void requireWidth(double width) {
    require(width >= 0.001 && width <= 1, "the width of an interval must be 0.001..1", width);
  }

  private static void requirePrevalence(double prevalence) {
    require(prevalence > 0 && prevalence < 1, "a prevalence must be between 0 and 1", prevalence);
  }

  private static void require(boolean condition, String rule, double value) {
    if (!condition) {
      throw new IllegalArgumentException(rule + ", not " + value);
    }
  }

  /** Returns the least number with a property that all larger numbers have. */
  private static long least(LongPredicate enough) {
    long low = 0;
    long high = MOST;
    while (high - low > 1) {
      long middle = (low + high) / 2;
      if (enough.test(middle)) {
        high = middle;
      } else {
        low = middle;
      }
    }
    return high;
  }
}
