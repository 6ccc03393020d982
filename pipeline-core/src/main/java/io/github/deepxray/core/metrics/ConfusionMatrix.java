package io.github.deepxray.core.metrics;

import java.util.Collection;

/** How many examples a decision got right and wrong. */
public record ConfusionMatrix(
    long truePositives, long falsePositives, long trueNegatives, long falseNegatives) {
  /** Checks that they are counts. */
  public ConfusionMatrix {
    if (truePositives < 0 || falsePositives < 0 || trueNegatives < 0 || falseNegatives < 0) {
      throw new IllegalArgumentException("counts are 0 or more");
    }
  }

  /** Counts, deciding for positive where the probability is at least the threshold. */
  public static ConfusionMatrix of(Collection<ScoredExample> examples, double threshold) {
    long tp = 0;
    long fp = 0;
    long tn = 0;
    long fn = 0;
    for (ScoredExample example : examples) {
      boolean decided = example.probability() >= threshold;
      if (example.positive()) {
        tp += decided ? 1 : 0;
        fn += decided ? 0 : 1;
      } else {
        fp += decided ? 1 : 0;
        tn += decided ? 0 : 1;
      }
    }
    return new ConfusionMatrix(tp, fp, tn, fn);
  }

  /** The share decided rightly; NaN without examples. */
  public double accuracy() {
    return ratio(
        truePositives + trueNegatives,
        truePositives + falsePositives + trueNegatives + falseNegatives);
  }

  /** The share of positives found (recall, true positive rate); NaN without positives. */
  public double sensitivity() {
    return ratio(truePositives, truePositives + falseNegatives);
  }

  /** The share of negatives left in peace (true negative rate); NaN without negatives. */
  public double specificity() {
    return ratio(trueNegatives, trueNegatives + falsePositives);
  }

  /** The share of positive decisions that are right; NaN without positive decisions. */
  public double precision() {
    return ratio(truePositives, truePositives + falsePositives);
  }

  /** The harmonic mean of precision and sensitivity; NaN without positives and decisions. */
  public double f1() {
    return ratio(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives);
  }

  private static double ratio(long part, long whole) {
    return whole == 0 ? Double.NaN : (double) part / whole;
  }
}
