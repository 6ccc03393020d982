package io.github.deepxray.core.weights;

import java.util.List;

/** Immutable array of numbers with a shape, in row-major order. */
public sealed interface Tensor permits FloatTensor, Float16Tensor, Int8Tensor {
  /** Dimensions. */
  List<Integer> shape();

  /** Number of values. */
  int size();

  /**
   * Returns a copy of the values as 32-bit floats; 16-bit floats are widened, quantized values
   * dequantized.
   */
  float[] toFloats();
}
