package io.github.deepxray.core.weights;

import java.util.List;

/** Base class of tensors: the shape and a check of the number of values. */
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

  /** Dimensions. */
  public final List<Integer> shape() {
    return shape;
  }

  /** Number of values. */
  public final int size() {
    return size;
  }

  @Override
  public final String toString() {
    return type + shape;
  }
}
