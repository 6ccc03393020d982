package io.github.deepxray.core.metrics;

import io.github.deepxray.core.DeepXrayException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

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
 * @param auc the mean difference of the areas under the ROC curve
 * @param accuracy the mean difference of the accuracies, each at its own threshold
 * @param sensitivity the mean difference of the sensitivities, likewise
 * @param specificity the mean difference of the specificities, likewise
 */
public record PooledDifference(
    int pairs, Interval auc, Interval accuracy, Interval sensitivity, Interval specificity) {
  private static final int METRICS = 4;

  /**
   * Two trainings of one seed.
   *
   * @param reference the scores to compare with
   * @param referenceThreshold from which score on the reference decides for positive
   * @param candidate scores of examples with the same ids
   * @param candidateThreshold from which score on the candidate decides for positive
   */
  public record Pair(
      List<ScoredExample> reference,
      double referenceThreshold,
      List<ScoredExample> candidate,
      double candidateThreshold) {
    /** Copies the lists. */
    public Pair {
      reference = List.copyOf(reference);
      candidate = List.copyOf(candidate);
    }
  }

  /** The metrics of one pair, and where its examples are among those of all. */
  private record Part(
      int from,
      int to,
      Function<double[], double[]> reference,
      Function<double[], double[]> candidate) {}

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
    List<ScoredExample> all = new ArrayList<>();
    List<Part> parts = new ArrayList<>();
    for (Pair pair : pairs) {
      List<ScoredExample> examples = Comparison.sorted(pair.candidate);
      List<ScoredExample> expected = Comparison.matching(pair.reference, examples);
      parts.add(
          new Part(
              all.size(),
              all.size() + examples.size(),
              Comparison.metrics(expected, pair.referenceThreshold),
              Comparison.metrics(examples, pair.candidateThreshold)));
      all.addAll(examples);
    }
    List<Interval> intervals =
        PatientBootstrap.intervals(
            all,
            weights -> {
              double[] mean = new double[METRICS];
              for (Part part : parts) {
                double[] own = Arrays.copyOfRange(weights, part.from, part.to);
                double[] r = part.reference.apply(own);
                double[] c = part.candidate.apply(own);
                for (int m = 0; m < METRICS; m++) {
                  mean[m] += (c[m] - r[m]) / parts.size();
                }
              }
              return mean;
            },
            seed);
    return new PooledDifference(
        pairs.size(), intervals.get(0), intervals.get(1), intervals.get(2), intervals.get(3));
  }
}
