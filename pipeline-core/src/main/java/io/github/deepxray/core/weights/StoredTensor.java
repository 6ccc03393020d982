package io.github.deepxray.core.weights;

import java.util.List;

/** What tensors of all types have: a shape, and as many values as it says. */
abstract class StoredTensor {
  private final String type;
  private final List<Integer> shape;
  private final int size;

  StoredTensor(String type, List<Integer> shape, int size) {
    this.type = type;
    this.shape = shape;
    this.size = size;
    if (size != shape.stream().reduce(1, Math::multiplyExact)) {
      throw new IllegalArgumentException(size + " values for shape " + shape);
    }
  }

  /** The dimensions. */
  public final List<Integer> shape() {
    return shape;
  }

  /** The number of values. */
  public final int size() {
    return size;
  }

  @Override
  public final String toString() {
    return type + shape;
  }
}
