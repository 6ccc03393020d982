package io.github.deepxray.classify;

import io.github.deepxray.core.metrics.Decision;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.metrics.SplitScores;

/**
 * Affine map of the logit of a probability of the second of two classes: {@code p} becomes {@code
 * sigmoid(slope * logit(p) + offset)}. It increases, so that the images keep their order; 0 and 1
 * stay. It has the same bits on every processor.
 *
 * @param slope the factor of the logit, finite and above 0
 * @param offset the addend of the logit, finite
 */
public record LogitMap(double slope, double offset) {
  /** The map that changes nothing. */
  public static final LogitMap IDENTITY = new LogitMap(1, 0);

  /** Checks the numbers. */
  public LogitMap {
    if (!(slope > 0 && slope < Double.POSITIVE_INFINITY) || !Double.isFinite(offset)) {
      throw new IllegalArgumentException("a map of slope " + slope + " and offset " + offset);
    }
  }

  /**
   * Returns the correction of calibrated probabilities for another prevalence (Saerens, Latinne and
   * Decaestecker 2002).
   *
   * @param before the share of the second class to which the probabilities refer, above 0 and below
   *     1
   * @param after the share among the images to classify, above 0 and below 1
   */
  public static LogitMap ofPrevalence(double before, double after) {
    return new LogitMap(1, logit(after) - logit(before));
  }

  /** Not bounded, so that the smallest and largest probabilities keep their order, too. */
  private static double logit(double probability) {
    return StrictMath.log(probability) - StrictMath.log1p(-probability);
  }

  /**
   * Maps a probability.
   *
   * @param probability 0..1
   */
  public double apply(double probability) {
    return equals(IDENTITY) || probability <= 0 || probability >= 1
        ? probability
        : 1 / (1 + StrictMath.exp(-slope * logit(probability) - offset));
  }

  /** Maps the threshold of a decision, if it has one. */
  public Decision apply(Decision decision) {
    return decision.threshold().isPresent()
        ? new Decision.Threshold(apply(decision.threshold().getAsDouble()))
        : decision;
  }

  /** Maps the probabilities of images of two classes; the identity also those of more. */
  public SplitScores apply(SplitScores scores) {
    return equals(IDENTITY)
        ? scores
        : new SplitScores(
            scores.examples().stream()
                .map(e -> new ScoredExample(e.id(), e.patient(), e.label(), apply(e.score(1))))
                .toList());
  }

  /** Returns the map that applies this one, then another. */
  public LogitMap then(LogitMap next) {
    return new LogitMap(slope * next.slope, next.slope * offset + next.offset);
  }

  /** Returns the map that undoes this one. */
  public LogitMap inverse() {
    return new LogitMap(1 / slope, -offset / slope);
  }
}
