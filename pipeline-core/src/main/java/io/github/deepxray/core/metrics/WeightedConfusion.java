package io.github.deepxray.core.metrics;

import java.util.Arrays;

/** Confusion matrix of weighted examples, with its metrics. */
final class WeightedConfusion {
  private final double[][] counts;
  private final double[] rows;
  private final double[] columns;
  private double total;
  private double right;

  /**
   * Counts the examples.
   *
   * @param classes the number of classes
   * @param labels the true class of each example
   * @param decided the predicted class of each example
   * @param weights the weight of each example
   */
  WeightedConfusion(int classes, int[] labels, int[] decided, double... weights) {
    counts = new double[classes][classes];
    rows = new double[classes];
    columns = new double[classes];
    for (int i = 0; i < weights.length; i++) {
      counts[labels[i]][decided[i]] += weights[i];
    }
    for (int c = 0; c < classes; c++) {
      for (int d = 0; d < classes; d++) {
        rows[c] += counts[c][d];
        columns[d] += counts[c][d];
      }
      total += rows[c];
      right += counts[c][c];
    }
  }

  /** Counts of a class against all others. */
  BinaryCounts ofClass(int c) {
    double found = counts[c][c];
    return new BinaryCounts(
        found, columns[c] - found, total - rows[c] - columns[c] + found, rows[c] - found);
  }

  double accuracy() {
    return right / total;
  }

  double balancedAccuracy() {
    double sum = 0;
    for (int c = 0; c < rows.length; c++) {
      sum += counts[c][c] / rows[c];
    }
    return sum / rows.length;
  }

  double matthews() {
    double chance = 0;
    double truth = total * total;
    double decisions = total * total;
    for (int c = 0; c < rows.length; c++) {
      chance += rows[c] * columns[c];
      truth -= rows[c] * rows[c];
      decisions -= columns[c] * columns[c];
    }
    if (truth == 0) {
      return Double.NaN;
    }
    return decisions == 0 ? 0 : (right * total - chance) / Math.sqrt(truth * decisions);
  }

  /** Returns the counts of unweighted examples. */
  ConfusionMatrix counts() {
    return new ConfusionMatrix(
        Arrays.stream(counts)
            .map(row -> Arrays.stream(row).mapToObj(Math::round).toList())
            .toList());
  }
}
