package io.github.deepxray.tensorflow;

import io.github.deepxray.core.network.WeightSpec;
import io.github.deepxray.core.weights.Weights;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/** Weights as constants of the graph. */
final class WeightConstants implements WeightBinding {
  private final Weights weights;

  WeightConstants(Weights weights) {
    this.weights = weights;
  }

  @Override
  public Operand<TFloat32> read(Ops tf, WeightSpec spec) {
    return tf.withName(Names.of(spec))
        .constant(
            Tensors.shape(spec.shape()), DataBuffers.of(weights.floats(spec.name()), true, false));
  }
}
