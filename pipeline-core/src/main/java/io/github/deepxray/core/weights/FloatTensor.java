package io.github.deepxray.core.weights;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;

/** Tensor of 32-bit floats. */
public final class FloatTensor extends StoredTensor implements Tensor {
  private final float[] values;

  private FloatTensor(float[] values, List<Integer> shape) {
    super("float32", shape, values.length);
    this.values = values;
  }

  /**
   * Creates a tensor from a copy of the values.
   *
   * @throws IllegalArgumentException if their number does not fit the shape
   */
  public static FloatTensor of(float[] values, List<Integer> shape) {
    return new FloatTensor(values.clone(), List.copyOf(shape));
  }

  /**
   * Creates a tensor from a copy of the values.
   *
   * @throws IllegalArgumentException if their number does not fit the shape
   */
  public static FloatTensor of(float[] values, int... shape) {
    return of(values, Arrays.stream(shape).boxed().toList());
  }

  @Override
  public float[] toFloats() {
    return values.clone();
  }

  /** Value at an index in row-major order. */
  public float at(int index) {
    return values[index];
  }

  /** Read-only view of the values. */
  public FloatBuffer asBuffer() {
    return FloatBuffer.wrap(values).asReadOnlyBuffer();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof FloatTensor t
        && shape().equals(t.shape())
        && Arrays.equals(values, t.values);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(values);
  }
}
