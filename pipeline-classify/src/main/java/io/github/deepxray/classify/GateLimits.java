package io.github.deepxray.classify;

/**
 * Limits of the difference between a deployed and the trained model on the same images.
 *
 * @param auc the largest difference of the area under the ROC curve
 * @param accuracy the largest difference of the accuracy, each at its own threshold; widened to the
 *     sampling error in splits with few images of a class
 * @param probability the largest difference of a probability
 * @param correlation the smallest correlation of the probabilities
 */
public record GateLimits(double auc, double accuracy, double probability, double correlation) {
  /** Limits for the same arithmetic in another order. */
  public static final GateLimits ROUNDING = new GateLimits(5e-4, 4e-3, 1e-3, 0.999);

  /** Limits for quantized arithmetic, which apply mainly to decisions. */
  public static final GateLimits QUANTIZATION = new GateLimits(5e-3, 1.5e-2, 1, 0.95);

  /** Returns a copy with other limits of AUC and accuracy. */
  public GateLimits with(double otherAuc, double otherAccuracy) {
    return new GateLimits(otherAuc, otherAccuracy, probability, correlation);
  }
}
