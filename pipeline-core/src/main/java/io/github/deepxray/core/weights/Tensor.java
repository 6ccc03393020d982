package io.github.deepxray.core.weights;

import java.util.List;

/** An immutable array of numbers with a shape, in row-major order. */
public sealed interface Tensor permits FloatTensor, Float16Tensor, Int8Tensor {
  /** The dimensions. */
  List<Integer> shape();

  /** The number of values. */
  int size();

  /**
   * The values as 32-bit floats; 16-bit floats are widened, quantized values dequantized. A copy.
   */
  float[] toFloats();
}
