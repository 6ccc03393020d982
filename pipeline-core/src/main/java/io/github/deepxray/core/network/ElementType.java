package io.github.deepxray.core.network;

/** Element type of the inputs and outputs of a model file. */
public enum ElementType {
  /** 32-bit floats; for any model. */
  FLOAT32,
  /** Signed 8-bit integers; for models with {@code INT8} arithmetic. */
  INT8,
  /**
   * Unsigned 8-bit integers, the signed values plus 128; for models with {@code INT8} arithmetic.
   * XNNPACK does not run the operators that convert them; TFLite's kernels do.
   */
  UINT8,
  /** Signed 16-bit integers; for models with {@code INT16} arithmetic. */
  INT16
}
