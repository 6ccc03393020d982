package io.github.deepxray.core.metrics;

import io.github.deepxray.core.DeepXrayException;
import java.util.List;
import java.util.Map;

/**
 * Paired comparison of two classifiers, the candidate and the reference, on the same examples.
 * Differences are candidate minus reference; their 95 % intervals come from a paired bootstrap over
 * patients.
 *
 * @param images the number of examples
 * @param metrics the candidate's overall metrics, with its own decisions
 * @param differences the differences of the overall metrics, each classifier with its own decisions
 * @param correlation Pearson's correlation of the probabilities of the {@link TargetClasses}; NaN
 *     where one of them is constant
 * @param maxDeltaProbability the largest difference of a probability
 * @param flipped the number of examples with another decision
 */
public record Comparison(
    long images,
    Map<Metric, Interval> metrics,
    Map<Metric, Interval> differences,
    double correlation,
    double maxDeltaProbability,
    int flipped) {
  /** Copies the maps, sorts them by metric and checks the counts. */
  public Comparison {
    if (flipped < 0 || flipped > images) {
      throw new IllegalArgumentException(flipped + " of " + images + " images cannot be");
    }
    metrics = Measurements.ordered(metrics);
    differences = Measurements.ordered(differences);
  }

  /**
   * Compares two classifiers.
   *
   * @param reference the scores to compare with
   * @param referenceDecision the decision rule of the reference
   * @param candidate scores of examples with the same ids
   * @param candidateDecision the decision rule of the candidate
   * @param seed the seed of the bootstrap
   * @throws DeepXrayException if an example is missing in one of them or has another label
   */
  public static Comparison of(
      SplitScores reference,
      Decision referenceDecision,
      SplitScores candidate,
      Decision candidateDecision,
      long seed) {
    PairedExamples pair =
        new PairedExamples(reference, referenceDecision, candidate, candidateDecision);
    int metrics = Metric.values().length;
    List<Interval> intervals =
        PatientBootstrap.intervals(
            pair.patients(),
            weights -> {
              double[] values = new double[2 * metrics];
              pair.write(values, weights);
              return values;
            },
            seed);
    return new Comparison(
        pair.size(),
        PairedExamples.metrics(intervals.subList(0, metrics)),
        PairedExamples.metrics(intervals.subList(metrics, 2 * metrics)),
        pair.correlation(),
        pair.largestDifference(),
        pair.flipped());
  }

  /**
   * Pearson's correlation of the probabilities of the {@link TargetClasses}; NaN where one of them
   * is constant.
   *
   * @throws DeepXrayException if an example is missing in one of them or has another label
   */
  public static double correlation(SplitScores reference, SplitScores candidate) {
    return new PairedExamples(reference, Decision.MOST_PROBABLE, candidate, Decision.MOST_PROBABLE)
        .correlation();
  }

  /** Candidate's value of a metric; unknown if an earlier version did not measure it. */
  public Interval of(Metric metric) {
    return metrics.getOrDefault(metric, Interval.UNKNOWN);
  }

  /** Difference of a metric; unknown if an earlier version did not measure it. */
  public Interval difference(Metric metric) {
    return differences.getOrDefault(metric, Interval.UNKNOWN);
  }
}
