package io.github.deepxray.core.network;

/** What the input or the outputs of a model's file are made of. */
public enum ElementType {
  /** 32-bit floats; any model. */
  FLOAT32,
  /** Signed integers of 8 bits; a model that computes in {@code INT8}. */
  INT8,
  /**
   * Unsigned integers of 8 bits, the signed ones plus 128; a model that computes in {@code INT8}.
   * XNNPACK leaves the operators that convert them to TFLite's kernels.
   */
  UINT8,
  /** Signed integers of 16 bits; a model that computes in {@code INT16}. */
  INT16
}
