package io.github.deepxray.core.metrics;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** Classified examples, sorted so that metrics are quickly computed again and again. */
final class WeightedExamples {
  final List<ScoredExample> examples;
  final int classes;
  final int[] labels;

  /** For each class the places of the examples, the least probability first. */
  final int[][] ascending;

  /** For each class its probabilities in that order. */
  final double[][] scores;

  /** Of each example half the squared distance of its probabilities from the truth. */
  final double[] squaredErrors;

  /** Of each example that of its true class, in nats. */
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

  /** The examples as they are, each counted once. */
  Resample once(int... decided) {
    double[] weights = new double[labels.length];
    Arrays.fill(weights, 1);
    return new Resample(this, decided, weights);
  }

  /** The class that each example is decided to be. */
  int[] decided(Decision decision) {
    return examples.stream().mapToInt(e -> decision.decide(e.scores())).toArray();
  }
}
