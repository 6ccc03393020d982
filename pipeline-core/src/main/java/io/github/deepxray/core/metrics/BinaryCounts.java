package io.github.deepxray.core.metrics;

import java.util.Collection;

/**
 * Confusion counts of one class, the positive one, against all others; examples may be weighted.
 *
 * @param truePositives examples of the class that are classified as the class
 * @param falsePositives other examples that are classified as the class
 * @param trueNegatives other examples that are not
 * @param falseNegatives examples of the class that are not
 */
public record BinaryCounts(
    double truePositives, double falsePositives, double trueNegatives, double falseNegatives) {
  /** Checks that all counts are 0 or more. */
  public BinaryCounts {
    if (!(truePositives >= 0 && falsePositives >= 0 && trueNegatives >= 0 && falseNegatives >= 0)) {
      throw new IllegalArgumentException("counts are 0 or more");
    }
  }

  /**
   * Counts the decisions for a class at a threshold of its probability.
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

  /** Share of correct decisions; NaN without examples. */
  public double accuracy() {
    return (truePositives + trueNegatives)
        / (truePositives + falsePositives + trueNegatives + falseNegatives);
  }

  /**
   * Share of positives that are classified as positive (recall, true positive rate); NaN without
   * positives.
   */
  public double sensitivity() {
    return truePositives / (truePositives + falseNegatives);
  }

  /**
   * Share of negatives that are classified as negative (true negative rate); NaN without negatives.
   */
  public double specificity() {
    return trueNegatives / (trueNegatives + falsePositives);
  }

  /** Share of positive decisions that are correct; NaN without positive decisions. */
  public double precision() {
    return truePositives / (truePositives + falsePositives);
  }

  /** Harmonic mean of precision and sensitivity; NaN without positives and positive decisions. */
  public double f1() {
    return 2 * truePositives / (2 * truePositives + falsePositives + falseNegatives);
  }
}
