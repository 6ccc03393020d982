package io.github.deepxray.core.metrics;

import java.util.Comparator;
import java.util.Map;

/**
 * Differences of the overall metrics between two sets of images without common patients, candidate
 * minus reference, such as another hospital's images minus the test split. Their 95 % percentile
 * intervals come from two independent bootstraps over patients. For the same images, {@link
 * Comparison} has narrower intervals.
 *
 * @param differences the difference of each metric, each set with its own decisions
 */
public record UnpairedDifference(Map<Metric, Interval> differences) {
  /** Copies the map, sorted by metric. */
  public UnpairedDifference {
    differences = Measurements.ordered(differences);
  }

  /**
   * Scores of a set of images with their decision rule.
   *
   * @param scores the scores, at least one example
   */
  public record Decided(SplitScores scores, Decision decision) {
    private PatientBootstrap.Sample sample() {
      return new PairedExamples.Side(
              scores.examples().stream().sorted(Comparator.comparing(ScoredExample::id)).toList(),
              decision)
          .sample();
    }
  }

  /**
   * Compares two sets of images of the same classes.
   *
   * @param seed the seed of the bootstraps
   */
  public static UnpairedDifference of(Decided reference, Decided candidate, long seed) {
    return new UnpairedDifference(
        PairedExamples.metrics(
            PatientBootstrap.differences(reference.sample(), candidate.sample(), seed)));
  }

  /** Difference of a metric. */
  public Interval of(Metric metric) {
    return differences.getOrDefault(metric, Interval.UNKNOWN);
  }
}
