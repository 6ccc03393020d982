package io.github.deepxray.core.metrics;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** The metrics of classified examples that count several times, each class against all others. */
final class OneVsRest {
  private final int classes;
  private final int[] labels;
  private final int[] decided;
  private final double[] negativeLogLikelihood;

  /** For each class the places of the examples, the least probability first. */
  private final int[][] ascending;

  /** For each class its probabilities in that order. */
  private final double[][] scores;

  OneVsRest(List<ClassifiedExample> examples) {
    classes = examples.isEmpty() ? 0 : examples.get(0).probabilities().size();
    int size = examples.size();
    labels = examples.stream().mapToInt(ClassifiedExample::label).toArray();
    decided = examples.stream().mapToInt(ClassifiedExample::decided).toArray();
    negativeLogLikelihood =
        examples.stream()
            .mapToDouble(e -> Metrics.negativeLog(e.probabilities().get(e.label())))
            .toArray();
    ascending = new int[classes][];
    scores = new double[classes][];
    for (int c = 0; c < classes; c++) {
      int k = c;
      Integer[] order = new Integer[size];
      Arrays.setAll(order, i -> i);
      Arrays.sort(order, Comparator.comparingDouble(i -> examples.get(i).probabilities().get(k)));
      ascending[c] = Arrays.stream(order).mapToInt(Integer::intValue).toArray();
      scores[c] =
          Arrays.stream(ascending[c])
              .mapToDouble(i -> examples.get(i).probabilities().get(k))
              .toArray();
    }
  }

  int classes() {
    return classes;
  }

  double auc(int c, double... weights) {
    double[] positives = new double[weights.length];
    double[] negatives = new double[weights.length];
    for (int i = 0; i < weights.length; i++) {
      int example = ascending[c][i];
      (labels[example] == c ? positives : negatives)[i] = weights[example];
    }
    return Metrics.auc(scores[c], positives, negatives);
  }

  double macroAuc() {
    double[] once = new double[labels.length];
    Arrays.fill(once, 1);
    double sum = 0;
    for (int c = 0; c < classes; c++) {
      sum += auc(c, once);
    }
    return sum / classes;
  }

  double logLoss(double... weights) {
    double sum = 0;
    double total = 0;
    for (int i = 0; i < weights.length; i++) {
      sum += weights[i] * negativeLogLikelihood[i];
      total += weights[i];
    }
    return sum / total;
  }

  /** How much each class, the row, is decided to be each class, the column. */
  double[][] confusion(double... weights) {
    double[][] counts = new double[classes][classes];
    for (int i = 0; i < weights.length; i++) {
      counts[labels[i]][decided[i]] += weights[i];
    }
    return counts;
  }

  /** True positives, false positives, true negatives and false negatives of a class. */
  static double[] ofClass(double[][] confusion, int c) {
    double truePositives = confusion[c][c];
    double decidedSo = 0;
    double total = 0;
    for (double[] row : confusion) {
      decidedSo += row[c];
      total += Arrays.stream(row).sum();
    }
    double positives = Arrays.stream(confusion[c]).sum();
    return new double[] {
      truePositives,
      decidedSo - truePositives,
      total - positives - decidedSo + truePositives,
      positives - truePositives
    };
  }

  static double accuracy(double[][] confusion) {
    double right = 0;
    double total = 0;
    for (int c = 0; c < confusion.length; c++) {
      right += confusion[c][c];
      total += Arrays.stream(confusion[c]).sum();
    }
    return right / total;
  }
}
