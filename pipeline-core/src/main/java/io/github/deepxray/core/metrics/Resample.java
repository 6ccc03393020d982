package io.github.deepxray.core.metrics;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Weighted examples and the values of metrics on them. */
final class Resample {
  /** Number of equally wide bins of {@link #calibrationError}. */
  static final int CALIBRATION_BINS = 15;

  // Keeps the logarithm finite; Keras clips at the same value.
  private static final double EPSILON = 1e-7;

  private final WeightedExamples of;
  private final int[] decided;
  private final double[] weights;
  private Optional<WeightedConfusion> confusion = Optional.empty();

  /**
   * Creates a resample.
   *
   * @param decided the predicted class of each example; may be empty if no metric needs it
   */
  Resample(WeightedExamples of, int[] decided, double... weights) {
    this.of = of;
    this.decided = decided;
    this.weights = weights;
  }

  WeightedConfusion confusion() {
    if (confusion.isEmpty()) {
      confusion = Optional.of(new WeightedConfusion(of.classes, of.labels, decided, weights));
    }
    return confusion.get();
  }

  /**
   * Probability that an example of a class has a higher score of the class than another example;
   * ties count half.
   */
  double auc(int label) {
    double[] scores = of.scores[label];
    double below = 0;
    double pairs = 0;
    double allPositives = 0;
    for (int i = 0; i < scores.length; ) {
      double tiedPositives = 0;
      double tiedNegatives = 0;
      int j = i;
      for (; j < scores.length && scores[j] == scores[i]; j++) {
        int example = of.ascending[label][j];
        if (of.labels[example] == label) {
          tiedPositives += weights[example];
        } else {
          tiedNegatives += weights[example];
        }
      }
      pairs += tiedPositives * (below + tiedNegatives / 2);
      below += tiedNegatives;
      allPositives += tiedPositives;
      i = j;
    }
    return pairs / (allPositives * below);
  }

  double brier() {
    return mean(of.squaredErrors);
  }

  static double squaredError(ScoredExample e) {
    List<Double> scores = e.scores();
    double sum = 0;
    for (int c = 0; c < scores.size(); c++) {
      double error = scores.get(c) - (e.label() == c ? 1 : 0);
      sum += error * error;
    }
    return sum / 2;
  }

  double logLoss() {
    return mean(of.negativeLogLikelihoods);
  }

  /** Negative log likelihood of the true class in nats. */
  static double negativeLogLikelihood(ScoredExample e) {
    return -Math.log(Math.max(EPSILON, e.score(e.label())));
  }

  private double mean(double... values) {
    double sum = 0;
    double total = 0;
    for (int i = 0; i < weights.length; i++) {
      sum += weights[i] * values[i];
      total += weights[i];
    }
    return sum / total;
  }

  double calibrationError(int label) {
    double[] excess = new double[CALIBRATION_BINS];
    double total = 0;
    for (int i = 0; i < weights.length; i++) {
      double score = of.scores[label][i];
      int example = of.ascending[label][i];
      excess[bin(score)] += weights[example] * (score - (of.labels[example] == label ? 1 : 0));
      total += weights[example];
    }
    return Arrays.stream(excess).map(Math::abs).sum() / total;
  }

  /** Index of the bin of a probability. */
  static int bin(double probability) {
    return Math.min(CALIBRATION_BINS - 1, (int) (probability * CALIBRATION_BINS));
  }
}
