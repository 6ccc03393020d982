package io.github.deepxray.optimize.internal;

/** Standard sequences of passes. */
public final class Passes {
  private Passes() {}

  /**
   * Passes that make inference faster and change results only by rounding: dropout is removed,
   * batch normalization, calibration and input normalization are folded into adjacent layers.
   */
  public static Pass forInference() {
    return simplifying().then(new FoldNormalization());
  }

  /**
   * The inference passes and 8-bit kernels of convolutions and dense layers, see {@link
   * DynamicRangeQuantization}.
   */
  public static Pass dynamicRange() {
    return folded().then(new DynamicRangeQuantization());
  }

  /**
   * Adds Grad-CAM as a second output, see {@link GradCam}: the classifier is folded, in floats, and
   * ready for {@link WeightOnlyQuantization}.
   */
  public static Pass explaining() {
    return folded().then(new GradCam());
  }

  private static Pass folded() {
    return simplifying().then(FoldNormalization.intoConvolutions());
  }

  /** Passes that remove dropout and fold what follows a layer with a kernel into it. */
  public static Pass simplifying() {
    return new RemoveDropout().then(new FoldBatchNormalization()).then(new FoldCalibration());
  }
}
