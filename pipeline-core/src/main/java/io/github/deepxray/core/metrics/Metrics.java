package io.github.deepxray.core.metrics;

import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** Metrics that need no threshold. */
public final class Metrics {
  /** The number of equally wide bins of {@link #expectedCalibrationError}. */
  public static final int CALIBRATION_BINS = 15;

  // Keeps the logarithm finite; Keras clips at the same value.
  private static final double EPSILON = 1e-7;

  private Metrics() {}

  /**
   * The area under the ROC curve: the chance that a positive scores higher than a negative, ties
   * counted half (Hanley and McNeil 1982); NaN unless both classes are there.
   */
  public static double auc(Collection<ScoredExample> examples) {
    ScoredExample[] sorted =
        examples.stream()
            .sorted(Comparator.comparingDouble(ScoredExample::probability))
            .toArray(ScoredExample[]::new);
    double[] scores = Arrays.stream(sorted).mapToDouble(ScoredExample::probability).toArray();
    double[] positives = new double[sorted.length];
    double[] negatives = new double[sorted.length];
    for (int i = 0; i < sorted.length; i++) {
      positives[i] = sorted[i].positive() ? 1 : 0;
      negatives[i] = 1 - positives[i];
    }
    return auc(scores, positives, negatives);
  }

  /**
   * The same for examples that count several times.
   *
   * @param ascending scores, lowest first
   * @param positives how often each counts as a positive
   * @param negatives how often each counts as a negative
   */
  static double auc(double[] ascending, double[] positives, double[] negatives) {
    double below = 0;
    double pairs = 0;
    double allPositives = 0;
    for (int i = 0; i < ascending.length; ) {
      double tiedPositives = 0;
      double tiedNegatives = 0;
      int j = i;
      for (; j < ascending.length && ascending[j] == ascending[i]; j++) {
        tiedPositives += positives[j];
        tiedNegatives += negatives[j];
      }
      pairs += tiedPositives * (below + tiedNegatives / 2);
      below += tiedNegatives;
      allPositives += tiedPositives;
      i = j;
    }
    return pairs / (allPositives * below);
  }

  /** The mean squared error of the probability (Brier 1950); NaN without examples. */
  public static double brier(Collection<ScoredExample> examples) {
    return examples.stream().mapToDouble(Metrics::squaredError).average().orElse(Double.NaN);
  }

  /** The mean negative log likelihood in nats; NaN without examples. */
  public static double logLoss(Collection<ScoredExample> examples) {
    return examples.stream()
        .mapToDouble(Metrics::negativeLogLikelihood)
        .average()
        .orElse(Double.NaN);
  }

  /**
   * The mean distance between the probability of the positive class and how often it came true,
   * over {@value #CALIBRATION_BINS} equally wide bins of the probability (Naeini et al. 2015); NaN
   * without examples.
   */
  public static double expectedCalibrationError(List<ScoredExample> examples) {
    double[] weights = new double[examples.size()];
    Arrays.fill(weights, 1);
    return expectedCalibrationError(examples, weights);
  }

  static double expectedCalibrationError(List<ScoredExample> examples, double[] weights) {
    double[] excess = new double[CALIBRATION_BINS];
    double total = 0;
    for (int i = 0; i < weights.length; i++) {
      ScoredExample e = examples.get(i);
      int bin = Math.min(CALIBRATION_BINS - 1, (int) (e.probability() * CALIBRATION_BINS));
      excess[bin] += weights[i] * (e.probability() - (e.positive() ? 1 : 0));
      total += weights[i];
    }
    return Arrays.stream(excess).map(Math::abs).sum() / total;
  }

  static double squaredError(ScoredExample e) {
    double error = e.probability() - (e.positive() ? 1 : 0);
    return error * error;
  }

  static double negativeLogLikelihood(ScoredExample e) {
    double p = e.positive() ? e.probability() : 1 - e.probability();
    return negativeLog(p);
  }

  /** Of the probability of what came true. */
  static double negativeLog(double p) {
    return -Math.log(Math.max(EPSILON, p));
  }
}
