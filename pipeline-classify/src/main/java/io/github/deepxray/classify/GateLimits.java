package io.github.deepxray.classify;

/**
 * How far a deployed model may be from the trained one on the same images.
 *
 * @param auc the difference of the area under the ROC curve
 * @param accuracy the difference of the accuracy, each at its own threshold; in a split of few
 *     images of a class, what chance does if that is more
 * @param probability the largest difference of a probability
 * @param correlation the least correlation of the probabilities
 */
public record GateLimits(double auc, double accuracy, double probability, double correlation) {
  /** The same arithmetic in another order. */
  public static final GateLimits ROUNDING = new GateLimits(5e-4, 4e-3, 1e-3, 0.999);

  /** Other arithmetic: what matters are the decisions. */
  public static final GateLimits QUANTIZATION = new GateLimits(5e-3, 1.5e-2, 1, 0.95);

  /** The same with other limits of AUC and accuracy. */
  public GateLimits with(double otherAuc, double otherAccuracy) {
    return new GateLimits(otherAuc, otherAccuracy, probability, correlation);
  }
}
