package io.github.deepxray.core.metrics;

import java.util.function.ToDoubleFunction;

/**
 * Prevalence of the second of two classes among images without labels, estimated from calibrated
 * probabilities (Saerens, Latinne and Decaestecker 2002).
 *
 * <p>It assumes that only the share of the classes changed, not the images of each class. The
 * estimate is the prevalence with the greatest likelihood. The expectation maximization of the
 * paper ends there, but takes many steps near 0 and 1. The likelihood is concave, so that bisection
 * finds its maximum in a fixed number of steps.
 *
 * @param prevalence the estimate with its 95 % interval, from a bootstrap over patients; 0..1
 * @param likelihoodRatio twice the logarithm of the ratio of the likelihoods at the estimate and at
 *     the prevalence of the calibration, 0 or more; each image counts as independent
 */
public record PrevalenceEstimate(Interval prevalence, double likelihoodRatio) {
  /**
   * Likelihood ratio that is exceeded with a probability of about 5 % if the prevalence did not
   * change: the 95 % quantile of χ² with one degree of freedom.
   */
  public static final double LIMIT = 3.841458820694124;

  private static final int BISECTIONS = 60;

  /** Checks the numbers. */
  public PrevalenceEstimate {
    if (!(prevalence.value() >= 0 && prevalence.value() <= 1) || !(likelihoodRatio >= 0)) {
      throw new IllegalArgumentException(
          "a prevalence of " + prevalence.value() + ", likelihood ratio " + likelihoodRatio);
    }
  }

  /**
   * Estimates the prevalence.
   *
   * @param scores the calibrated probabilities of the images, at least one; their labels have no
   *     effect
   * @param calibrated the prevalence for which they are calibrated, above 0 and below 1
   * @param seed the seed of the bootstrap
   */
  public static PrevalenceEstimate of(SplitScores scores, double calibrated, long seed) {
    if (!(calibrated > 0 && calibrated < 1)) {
      throw new IllegalArgumentException("a prevalence of " + calibrated);
    }
    // Densities of an image in each class, up to a common factor.
    double[] positive = densities(scores, e -> e.score(1) / calibrated);
    double[] negative = densities(scores, e -> (1 - e.score(1)) / (1 - calibrated));
    Interval interval =
        PatientBootstrap.intervals(
                scores.examples().stream().map(ScoredExample::patient).toList(),
                weights -> new double[] {maximum(positive, negative, weights)},
                seed)
            .get(0);
    double ratio =
        2
            * (logLikelihood(positive, negative, interval.value())
                - logLikelihood(positive, negative, calibrated));
    return new PrevalenceEstimate(interval, Math.max(0, ratio));
  }

  private static double[] densities(SplitScores scores, ToDoubleFunction<ScoredExample> density) {
    return scores.examples().stream().mapToDouble(density).toArray();
  }

  /** Prevalence at which the derivative of the logarithm of the likelihood changes its sign. */
  private static double maximum(double[] positive, double[] negative, double... weights) {
    double low = 0;
    double high = 1;
    for (int i = 0; i < BISECTIONS; i++) {
      double middle = (low + high) / 2;
      if (derivative(positive, negative, middle, weights) > 0) {
        low = middle;
      } else {
        high = middle;
      }
    }
    // An end that was never moved is the maximum itself.
    return low == 0 ? 0 : high == 1 ? 1 : (low + high) / 2;
  }

  private static double derivative(
      double[] positive, double[] negative, double prevalence, double... weights) {
    double sum = 0;
    for (int i = 0; i < positive.length; i++) {
      sum +=
          weights[i]
              * (positive[i] - negative[i])
              / (prevalence * positive[i] + (1 - prevalence) * negative[i]);
    }
    return sum;
  }

  private static double logLikelihood(double[] positive, double[] negative, double prevalence) {
    double sum = 0;
    for (int i = 0; i < positive.length; i++) {
      sum += StrictMath.log(prevalence * positive[i] + (1 - prevalence) * negative[i]);
    }
    return sum;
  }

  /** Whether the prevalence differs from that of the calibration by more than chance explains. */
  public boolean differs() {
    return likelihoodRatio > LIMIT;
  }
}
