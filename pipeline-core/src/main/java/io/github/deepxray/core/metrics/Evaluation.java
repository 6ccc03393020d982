package io.github.deepxray.core.metrics;

import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The metrics of one set of examples, each with a 95 % percentile bootstrap interval. Whole
 * patients are resampled, because images of one patient are alike (Efron and Tibshirani 1993; Field
 * and Welsh 2007 for the cluster bootstrap).
 *
 * @param images how many examples
 * @param positives how many of them are positive
 * @param patients how many patients they come from
 * @param auc area under the ROC curve
 * @param brier mean squared error of the probability
 * @param logLoss mean negative log likelihood in nats
 * @param expectedCalibrationError mean distance between probability and frequency
 * @param thresholds the metrics of each decision threshold, by the threshold's name
 */
public record Evaluation(
    long images,
    long positives,
    long patients,
    Interval auc,
    Interval brier,
    Interval logLoss,
    Interval expectedCalibrationError,
    Map<String, AtThreshold> thresholds) {

  /** Checks the counts and keeps the order of the thresholds. */
  public Evaluation {
    if (positives < 0 || positives > images || patients < 0 || patients > images) {
      throw new IllegalArgumentException(
          positives + " positives and " + patients + " patients of " + images + " images");
    }
    thresholds = Collections.unmodifiableMap(new LinkedHashMap<>(thresholds));
  }

  /**
   * The metrics of the decision "positive where the probability is at least the threshold".
   *
   * @param threshold the probability
   * @param confusion the counts behind the metrics
   * @param truePositives the count with its interval
   * @param falsePositives the count with its interval
   * @param trueNegatives the count with its interval
   * @param falseNegatives the count with its interval
   */
  public record AtThreshold(
      double threshold,
      ConfusionMatrix confusion,
      Interval truePositives,
      Interval falsePositives,
      Interval trueNegatives,
      Interval falseNegatives,
      Interval accuracy,
      Interval sensitivity,
      Interval specificity,
      Interval precision,
      Interval f1) {}

  /** The number of bootstrap resamples. */
  public static final int RESAMPLES = PatientBootstrap.RESAMPLES;

  /**
   * Evaluates with {@link #RESAMPLES} resamples.
   *
   * @param examples what to evaluate
   * @param thresholds the decision thresholds by name, in the order to report them
   * @param seed of the resampling
   */
  public static Evaluation of(
      List<ScoredExample> examples, Map<String, Double> thresholds, long seed) {
    List<ScoredExample> sorted =
        examples.stream()
            .sorted(
                Comparator.comparingDouble(ScoredExample::probability)
                    .thenComparing(ScoredExample::id))
            .toList();
    Computation computation = new Computation(sorted, thresholds);
    List<Interval> intervals = PatientBootstrap.intervals(sorted, computation::metrics, seed);
    Map<String, AtThreshold> decisions = new LinkedHashMap<>();
    int m = 4;
    for (Map.Entry<String, Double> threshold : thresholds.entrySet()) {
      decisions.put(
          threshold.getKey(),
          new AtThreshold(
              threshold.getValue(),
              ConfusionMatrix.of(sorted, threshold.getValue()),
              intervals.get(m),
              intervals.get(m + 1),
              intervals.get(m + 2),
              intervals.get(m + 3),
              intervals.get(m + 4),
              intervals.get(m + 5),
              intervals.get(m + 6),
              intervals.get(m + 7),
              intervals.get(m + 8)));
      m += Computation.PER_THRESHOLD;
    }
    return new Evaluation(
        sorted.size(),
        sorted.stream().filter(ScoredExample::positive).count(),
        sorted.stream().map(ScoredExample::patient).distinct().count(),
        intervals.get(0),
        intervals.get(1),
        intervals.get(2),
        intervals.get(3),
        decisions);
  }

  /** All metrics of weighted examples, in one pass each. */
  private static final class Computation {
    private static final int PER_THRESHOLD = 9;

    private final List<ScoredExample> sorted;
    private final double[] scores;
    private final double[] thresholds;

    private Computation(List<ScoredExample> sorted, Map<String, Double> thresholds) {
      this.sorted = sorted;
      this.scores = sorted.stream().mapToDouble(ScoredExample::probability).toArray();
      this.thresholds = thresholds.values().stream().mapToDouble(Double::doubleValue).toArray();
    }

    int size() {
      return 4 + PER_THRESHOLD * thresholds.length;
    }

    double[] metrics(double[] weights) {
      double[] positives = new double[weights.length];
      double[] negatives = new double[weights.length];
      double total = 0;
      double squared = 0;
      double log = 0;
      for (int i = 0; i < weights.length; i++) {
        ScoredExample e = sorted.get(i);
        positives[i] = e.positive() ? weights[i] : 0;
        negatives[i] = weights[i] - positives[i];
        total += weights[i];
        squared += weights[i] * Metrics.squaredError(e);
        log += weights[i] * Metrics.negativeLogLikelihood(e);
      }
      double[] values = new double[size()];
      values[0] = Metrics.auc(scores, positives, negatives);
      values[1] = squared / total;
      values[2] = log / total;
      values[3] = Metrics.expectedCalibrationError(sorted, weights);
      for (int t = 0; t < thresholds.length; t++) {
        double tp = 0;
        double fp = 0;
        double tn = 0;
        double fn = 0;
        for (int i = 0; i < weights.length; i++) {
          if (scores[i] >= thresholds[t]) {
            tp += positives[i];
            fp += negatives[i];
          } else {
            fn += positives[i];
            tn += negatives[i];
          }
        }
        int m = 4 + PER_THRESHOLD * t;
        values[m] = tp;
        values[m + 1] = fp;
        values[m + 2] = tn;
        values[m + 3] = fn;
        values[m + 4] = (tp + tn) / total;
        values[m + 5] = tp / (tp + fn);
        values[m + 6] = tn / (tn + fp);
        values[m + 7] = tp / (tp + fp);
        values[m + 8] = 2 * tp / (2 * tp + fp + fn);
      }
      return values;
    }
  }
}
