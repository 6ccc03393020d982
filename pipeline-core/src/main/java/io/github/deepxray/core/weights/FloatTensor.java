package io.github.deepxray.core.weights;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;

/** A tensor of 32-bit floats. */
public final class FloatTensor implements Tensor {
  private final float[] values;
  private final List<Integer> shape;

  private FloatTensor(float[] values, List<Integer> shape) {
    this.values = values;
    this.shape = shape;
    if (values.length != Tensor.super.size()) {
      throw new IllegalArgumentException(values.length + " values for shape " + shape);
    }
  }

  /**
   * A tensor of a copy of these values.
   *
   * @throws IllegalArgumentException if their number does not fit the shape
   */
  public static FloatTensor of(float[] values, List<Integer> shape) {
    return new FloatTensor(values.clone(), List.copyOf(shape));
  }

  /**
   * A tensor of a copy of these values.
   *
   * @throws IllegalArgumentException if their number does not fit the shape
   */
  public static FloatTensor of(float[] values, int... shape) {
    return of(values, Arrays.stream(shape).boxed().toList());
  }

  @Override
  public List<Integer> shape() {
    return shape;
  }

  @Override
  public int size() {
    return values.length;
  }

  @Override
  public float[] toFloats() {
    return values.clone();
  }

  /** The value at a position of the row-major order. */
  public float at(int index) {
    return values[index];
  }

  /** A read-only view of the values. */
  public FloatBuffer asBuffer() {
    return FloatBuffer.wrap(values).asReadOnlyBuffer();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof FloatTensor t
        && shape.equals(t.shape)
        && Arrays.equals(values, t.values);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(values);
  }

  @Override
  public String toString() {
    return "float32" + shape;
  }
}
