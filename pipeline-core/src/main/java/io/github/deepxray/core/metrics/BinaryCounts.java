package io.github.deepxray.core.metrics;

import java.util.Collection;

/**
 * How many examples a decision got right and wrong about one class, the positive one, against all
 * others. Examples may count several times.
 *
 * @param truePositives examples of the class that are decided to be of it
 * @param falsePositives other examples that are decided to be of it
 * @param trueNegatives other examples that are not
 * @param falseNegatives examples of the class that are not
 */
public record BinaryCounts(
    double truePositives, double falsePositives, double trueNegatives, double falseNegatives) {
  /** Checks that they are counts. */
  public BinaryCounts {
    if (!(truePositives >= 0 && falsePositives >= 0 && trueNegatives >= 0 && falseNegatives >= 0)) {
      throw new IllegalArgumentException("counts are 0 or more");
    }
  }

  /**
   * Counts, deciding for a class where its probability is at least the threshold.
   *
   * @param label the number of the class
   */
  public static BinaryCounts of(Collection<ScoredExample> examples, int label, double threshold) {
    double[][] counts = new double[2][2];
    for (ScoredExample example : examples) {
      counts[example.label() == label ? 1 : 0][example.score(label) >= threshold ? 1 : 0]++;
    }
    return new BinaryCounts(counts[1][1], counts[0][1], counts[0][0], counts[1][0]);
  }

  /** The share decided rightly; NaN without examples. */
  public double accuracy() {
    return (truePositives + trueNegatives)
        / (truePositives + falsePositives + trueNegatives + falseNegatives);
  }

  /** The share of positives found (recall, true positive rate); NaN without positives. */
  public double sensitivity() {
    return truePositives / (truePositives + falseNegatives);
  }

  /** The share of negatives left in peace (true negative rate); NaN without negatives. */
  public double specificity() {
    return trueNegatives / (trueNegatives + falsePositives);
  }

  /** The share of positive decisions that are right; NaN without positive decisions. */
  public double precision() {
    return truePositives / (truePositives + falsePositives);
  }

  /** The harmonic mean of precision and sensitivity; NaN without positives and decisions. */
  public double f1() {
    return 2 * truePositives / (2 * truePositives + falsePositives + falseNegatives);
  }
}
