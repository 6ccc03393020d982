package io.github.deepxray.core.metrics;

import io.github.deepxray.core.DeepXrayException;
import java.util.List;
import java.util.Map;

/**
 * How the scores of one classifier, the candidate, differ from those of another, the reference, on
 * the same examples. Differences are candidate minus reference; their 95 % intervals come from
 * resampling whole patients, both classifiers on the same ones (a paired bootstrap).
 *
 * @param images how many examples
 * @param metrics the candidate's metrics, overall, with its own decisions
 * @param differences of the metrics, each classifier with its own decisions
 * @param correlation Pearson's correlation of the probabilities of the {@link TargetClasses}; NaN
 *     where one of them is constant
 * @param maxDeltaProbability the largest difference of a probability
 * @param flipped how many examples are decided otherwise
 */
public record Comparison(
    long images,
    Map<Metric, Interval> metrics,
    Map<Metric, Interval> differences,
    double correlation,
    double maxDeltaProbability,
    int flipped) {
  /** Copies the maps, metrics in their order, and checks the counts. */
  public Comparison {
    if (flipped < 0 || flipped > images) {
      throw new IllegalArgumentException(flipped + " of " + images + " images cannot be");
    }
    metrics = Measurements.ordered(metrics);
    differences = Measurements.ordered(differences);
  }

  /**
   * Compares.
   *
   * @param reference the scores to compare with
   * @param referenceDecision how the reference decides
   * @param candidate scores of examples with the same ids
   * @param candidateDecision how the candidate decides
   * @param seed of the resampling
   * @throws DeepXrayException if an example is missing in one of them or labelled otherwise
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
   * @throws DeepXrayException if an example is missing in one of them or labelled otherwise
   */
  public static double correlation(SplitScores reference, SplitScores candidate) {
    return new PairedExamples(reference, Decision.MOST_PROBABLE, candidate, Decision.MOST_PROBABLE)
        .correlation();
  }

  /** The candidate's value of a metric; unknown if an earlier version did not measure it. */
  public Interval of(Metric metric) {
    return metrics.getOrDefault(metric, Interval.UNKNOWN);
  }

  /** The difference of a metric; unknown if an earlier version did not measure it. */
  public Interval difference(Metric metric) {
    return differences.getOrDefault(metric, Interval.UNKNOWN);
  }
}
