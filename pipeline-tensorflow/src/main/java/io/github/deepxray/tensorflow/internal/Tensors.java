package io.github.deepxray.tensorflow.internal;

import java.util.List;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TFloat32;

/** Copies values between Java and TensorFlow. */
public final class Tensors {
  private Tensors() {}

  /** Converts dimensions to TensorFlow's shape. */
  public static Shape shape(List<Integer> dimensions) {
    return Shape.of(dimensions.stream().mapToLong(d -> d).toArray());
  }

  /** Shape of a batch of examples; -1 for an unknown number. */
  static Shape batch(long count, List<Integer> example) {
    return shape(example).prepend(count);
  }

  /** Creates a tensor of these values, which the caller closes. */
  public static TFloat32 of(float[] values, Shape shape) {
    return TFloat32.tensorOf(shape, DataBuffers.of(values, true, false));
  }

  /** Reads the values of a tensor of 32-bit floats. */
  public static float[] toFloats(Tensor tensor) {
    float[] values = new float[Math.toIntExact(tensor.size())];
    tensor.asRawTensor().data().asFloats().read(values);
    return values;
  }
}
