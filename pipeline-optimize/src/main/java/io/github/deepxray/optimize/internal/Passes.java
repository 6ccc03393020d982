package io.github.deepxray.optimize.internal;

/** Passes that belong together. */
public final class Passes {
  private Passes() {}

  /**
   * Everything that makes inference faster and changes results by rounding only: dropout removed,
   * batch normalization and input normalization folded into the layers beside them.
   */
  public static Pass forInference() {
    return new RemoveDropout().then(new FoldBatchNormalization()).then(new FoldNormalization());
  }

  /**
   * The same with the kernels of convolutions and dense layers as 8-bit integers, see {@link
   * DynamicRangeQuantization}.
   */
  public static Pass dynamicRange() {
    return folded().then(new DynamicRangeQuantization());
  }

  /**
   * The classifier with its Grad-CAM as a second output, see {@link GradCam}: folded, in floats,
   * and ready for {@link WeightOnlyQuantization}.
   */
  public static Pass explaining() {
    return folded().then(new GradCam());
  }

  private static Pass folded() {
    return new RemoveDropout()
        .then(new FoldBatchNormalization())
        .then(FoldNormalization.intoConvolutions());
  }
}
