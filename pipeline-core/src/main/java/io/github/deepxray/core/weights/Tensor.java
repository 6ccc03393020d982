package io.github.deepxray.core.weights;

import java.util.List;

/** An immutable array of numbers with a shape, in row-major order. */
public sealed interface Tensor permits FloatTensor, Int8Tensor {
  /** The dimensions. */
  List<Integer> shape();

  /** The number of values. */
  default int size() {
    return shape().stream().reduce(1, Math::multiplyExact);
  }

  /** The values as 32-bit floats; quantized values are dequantized. A copy. */
  float[] toFloats();
}
