package io.github.deepxray.core.metrics;

import io.github.deepxray.core.DeepXrayException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Mean difference between two kinds of classifiers, candidate minus reference, over pairs of
 * trainings with the same seed.
 *
 * <p>The 95 % intervals come from a paired bootstrap over patients: each resample holds the same
 * patients for both classifiers and for all seeds, even if seeds share images. The intervals cover
 * the variation between patients for these trainings, not the variation between seeds: a few seeds
 * are too few to resample.
 *
 * @param pairs the number of paired trainings
 * @param differences the mean differences of the metrics, each classifier with its own decisions
 */
public record PooledDifference(int pairs, Map<Metric, Interval> differences) {
  /** Copies the map and checks that no metric is missing. */
  public PooledDifference {
    differences = Measurements.ordered(differences);
  }

  /**
   * Two trainings with one seed.
   *
   * @param reference the scores to compare with
   * @param referenceDecision the decision rule of the reference
   * @param candidate scores of examples with the same ids
   * @param candidateDecision the decision rule of the candidate
   */
  public record Pair(
      SplitScores reference,
      Decision referenceDecision,
      SplitScores candidate,
      Decision candidateDecision) {}

  /**
   * Computes the mean differences; for one pair equal to {@link Comparison#of}.
   *
   * @param pairs at least one
   * @param seed the seed of the bootstrap
   * @throws DeepXrayException if an example is missing in one of a pair or has another label
   */
  public static PooledDifference of(List<Pair> pairs, long seed) {
    if (pairs.isEmpty()) {
      throw new IllegalArgumentException("no pair to compare");
    }
    List<PairedExamples> parts =
        pairs.stream()
            .map(
                pair ->
                    new PairedExamples(
                        pair.reference,
                        pair.referenceDecision,
                        pair.candidate,
                        pair.candidateDecision))
            .toList();
    List<String> patients = new ArrayList<>();
    parts.forEach(part -> patients.addAll(part.patients()));
    List<Interval> intervals =
        PatientBootstrap.intervals(patients, weights -> meanDifferences(parts, weights), seed);
    return new PooledDifference(pairs.size(), PairedExamples.metrics(intervals));
  }

  private static double[] meanDifferences(List<PairedExamples> parts, double... weights) {
    int metrics = Metric.values().length;
    double[] mean = new double[metrics];
    double[] values = new double[2 * metrics];
    int from = 0;
    for (PairedExamples part : parts) {
      part.write(values, Arrays.copyOfRange(weights, from, from + part.size()));
      from += part.size();
      for (int m = 0; m < metrics; m++) {
        mean[m] += values[metrics + m] / parts.size();
      }
    }
    return mean;
  }

  /** Mean difference of a metric. */
  public Interval of(Metric metric) {
    return differences.getOrDefault(metric, Interval.UNKNOWN);
  }
}
