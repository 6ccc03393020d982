package io.github.deepxray.core.metrics;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** Classified examples, sorted for repeated computation of metrics. */
final class WeightedExamples {
  final List<ScoredExample> examples;
  final int classes;
  final int[] labels;

  /** Indices of the examples for each class, in ascending order of the class's probability. */
  final int[][] ascending;

  /** Probabilities of each class in that order. */
  final double[][] scores;

  /** Half the squared difference between probabilities and one-hot label of each example. */
  final double[] squaredErrors;

  /** Negative log likelihood of the true class of each example, in nats. */
  final double[] negativeLogLikelihoods;

  WeightedExamples(List<ScoredExample> examples) {
    this.examples = examples;
    classes = examples.isEmpty() ? 0 : examples.get(0).scores().size();
    labels = examples.stream().mapToInt(ScoredExample::label).toArray();
    squaredErrors = examples.stream().mapToDouble(Resample::squaredError).toArray();
    negativeLogLikelihoods =
        examples.stream().mapToDouble(Resample::negativeLogLikelihood).toArray();
    ascending = new int[classes][];
    scores = new double[classes][];
    for (int c = 0; c < classes; c++) {
      int k = c;
      Integer[] order = new Integer[examples.size()];
      Arrays.setAll(order, i -> i);
      Arrays.sort(order, Comparator.comparingDouble(i -> examples.get(i).score(k)));
      ascending[c] = Arrays.stream(order).mapToInt(Integer::intValue).toArray();
      scores[c] = Arrays.stream(ascending[c]).mapToDouble(i -> examples.get(i).score(k)).toArray();
    }
  }

  List<String> patients() {
    return examples.stream().map(ScoredExample::patient).toList();
  }

  /** Returns the examples with weight 1. */
  Resample once(int... decided) {
    double[] weights = new double[labels.length];
    Arrays.fill(weights, 1);
    return new Resample(this, decided, weights);
  }

  /** Predicted class of each example. */
  int[] decided(Decision decision) {
    return examples.stream().mapToInt(e -> decision.decide(e.scores())).toArray();
  }

  /** Calibration error of a class over bins of equally many examples, each with weight 1. */
  double adaptiveCalibrationError(int label) {
    int count = Resample.CALIBRATION_BINS;
    double sum = 0;
    for (int b = 0; b < count; b++) {
      double excess = 0;
      for (int i = labels.length * b / count; i < labels.length * (b + 1) / count; i++) {
        excess += scores[label][i] - (labels[ascending[label][i]] == label ? 1 : 0);
      }
      sum += Math.abs(excess);
    }
    return sum / labels.length;
  }
}
