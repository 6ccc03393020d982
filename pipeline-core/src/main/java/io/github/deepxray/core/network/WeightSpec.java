package io.github.deepxray.core.network;

import java.util.Arrays;
import java.util.List;

/**
 * Name and shape of a weight of a network.
 *
 * @param name {@code <layer>/<variable>}, as in Keras without the {@code :0}
 * @param shape the dimensions, in Keras' layout
 */
public record WeightSpec(String name, List<Integer> shape) {
  /** Copies the shape. */
  public WeightSpec {
    shape = List.copyOf(shape);
  }

  static WeightSpec of(String name, int... shape) {
    return new WeightSpec(name, Arrays.stream(shape).boxed().toList());
  }

  /** Number of values. */
  public int size() {
    return shape.stream().reduce(1, Math::multiplyExact);
  }
}
