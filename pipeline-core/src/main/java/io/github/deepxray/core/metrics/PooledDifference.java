package io.github.deepxray.core.metrics;

import io.github.deepxray.core.DeepXrayException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * How one kind of classifier differs from another on average over several trainings, each with a
 * seed of its own: candidate minus reference, seed by seed, then the mean.
 *
 * <p>The 95 % intervals come from resampling whole patients (a paired bootstrap): in each resample
 * the same patients count for both classifiers and for all seeds, whether the seeds share their
 * images or not. They say what other patients might have given with these trainings. What other
 * seeds might give is not in them: a few seeds are too few to resample.
 *
 * @param pairs how many trainings were paired
 * @param differences the mean differences of the metrics, each classifier with its own decisions
 */
public record PooledDifference(int pairs, Map<Metric, Interval> differences) {
  /** Copies the map and checks that no metric is missing. */
  public PooledDifference {
    differences = Measurements.ordered(differences);
  }

  /**
   * Two trainings of one seed.
   *
   * @param reference the scores to compare with
   * @param referenceDecision how the reference decides
   * @param candidate scores of examples with the same ids
   * @param candidateDecision how the candidate decides
   */
  public record Pair(
      SplitScores reference,
      Decision referenceDecision,
      SplitScores candidate,
      Decision candidateDecision) {}

  /**
   * Compares. Of one pair it is the same as {@link Comparison#of} says.
   *
   * @param pairs at least one
   * @param seed of the resampling
   * @throws DeepXrayException if an example is missing in one of a pair or labelled otherwise
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

  /** The mean difference of a metric. */
  public Interval of(Metric metric) {
    return differences.getOrDefault(metric, Interval.UNKNOWN);
  }
}
