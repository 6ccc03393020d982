package io.github.deepxray.core.weights;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.weights.Float16;
import java.nio.ShortBuffer;
import java.util.Arrays;
import java.util.List;

/** Tensor of 16-bit floats, see {@link Float16}. */
public final class Float16Tensor extends StoredTensor implements Tensor {
  private final short[] values;

  private Float16Tensor(short[] values, List<Integer> shape) {
    super("float16", shape, values.length);
    this.values = values;
  }

  /**
   * Rounds each value to the nearest 16-bit float.
   *
   * @throws DeepXrayException if a finite value is too large for 16-bit floats
   */
  public static Float16Tensor of(FloatTensor tensor) {
    short[] halves = Float16.toHalf(tensor.toFloats());
    for (int i = 0; i < halves.length; i++) {
      if (Float.isInfinite(Float16.toFloat(halves[i])) && Float.isFinite(tensor.at(i))) {
        throw new DeepXrayException(
            ("A tensor %s cannot be stored as 16-bit floats: it holds %s, beyond %s; keep it"
                    + " in 32-bit floats.")
                .formatted(tensor.shape(), tensor.at(i), Float16.MAX_VALUE));
      }
    }
    return new Float16Tensor(halves, tensor.shape());
  }

  /**
   * Creates a tensor from a copy of the bits of 16-bit floats.
   *
   * @throws IllegalArgumentException if their number does not fit the shape
   */
  public static Float16Tensor ofBits(short[] bits, List<Integer> shape) {
    return new Float16Tensor(bits.clone(), List.copyOf(shape));
  }

  @Override
  public float[] toFloats() {
    return Float16.toFloat(values);
  }

  /** Read-only view of the bits of the values. */
  public ShortBuffer asBuffer() {
    return ShortBuffer.wrap(values).asReadOnlyBuffer();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Float16Tensor t
        && shape().equals(t.shape())
        && Arrays.equals(values, t.values);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(values);
  }
}
