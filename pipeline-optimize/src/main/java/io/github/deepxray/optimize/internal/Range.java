package io.github.deepxray.optimize.internal;

import io.github.deepxray.core.network.Quantization.Affine;
import io.github.deepxray.core.network.Quantization.Arithmetic;

/**
 * Range of real values of an integer tensor. It contains 0, which padding and sums need without
 * error.
 *
 * @param min the smallest, at most 0
 * @param max the largest, at least 0
 */
public record Range(double min, double max) {
  /** Below this width a step would be smaller than normal 32-bit floats. */
  private static final double LEAST_WIDTH = Float.MIN_NORMAL * 65536.0;

  /** Extends the range to 0. */
  public Range {
    if (!(min <= max) || Double.isInfinite(min) || Double.isInfinite(max)) {
      throw new IllegalArgumentException("range " + min + " to " + max);
    }
    min = Math.min(min, 0.0);
    max = Math.max(max, 0.0);
  }

  /**
   * Returns the quantization parameters of the range.
   *
   * <p>With 8 bits the 256 integers span it, {@code scale = (max - min) / 255} and {@code zeroPoint
   * = round(-128 - min / scale)}; with 16 bits {@code scale = max(|min|, |max|) / 32767} around a
   * zero point of 0 (the TFLite quantization specification). A range of nothing but 0 gets a scale
   * of 1.
   *
   * @throws IllegalArgumentException if the arithmetic stores activations as floats
   */
  public Affine affine(Arithmetic arithmetic) {
    if (!arithmetic.integerActivations()) {
      throw new IllegalArgumentException("activations are floats in " + arithmetic);
    }
    if (max - min < LEAST_WIDTH) {
      return new Affine(1, 0);
    }
    if (arithmetic == Arithmetic.INT16) {
      return new Affine((float) (Math.max(-min, max) / arithmetic.max()), 0);
    }
    double scale = (max - min) / (arithmetic.max() - arithmetic.min());
    long zeroPoint = Math.round(arithmetic.min() - min / scale);
    return new Affine(
        (float) scale, (int) Math.max(arithmetic.min(), Math.min(arithmetic.max(), zeroPoint)));
  }

  /** Clips a value to the range. */
  public double clip(double value) {
    return Math.max(min, Math.min(max, value));
  }

  /** Returns the range of the smallest and the largest integer. */
  public static Range of(Affine affine, Arithmetic arithmetic) {
    return new Range(
        (double) affine.scale() * (arithmetic.min() - affine.zeroPoint()),
        (double) affine.scale() * (arithmetic.max() - affine.zeroPoint()));
  }
}
