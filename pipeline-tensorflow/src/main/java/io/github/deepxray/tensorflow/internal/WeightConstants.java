package io.github.deepxray.tensorflow.internal;

import io.github.deepxray.core.network.WeightSpec;
import io.github.deepxray.core.weights.Weights;
import java.util.HashMap;
import java.util.Map;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/** Weights as constants of one graph; all readers share one constant. */
final class WeightConstants implements WeightBinding {
  private final Weights weights;
  private final Map<String, Operand<TFloat32>> constants = new HashMap<>();

  WeightConstants(Weights weights) {
    this.weights = weights;
  }

  @Override
  public Operand<TFloat32> read(Ops tf, WeightSpec spec) {
    return constants.computeIfAbsent(
        spec.name(),
        name ->
            tf.withName(NodeNames.of(spec))
                .constant(
                    Tensors.shape(spec.shape()),
                    DataBuffers.of(weights.floats(name), true, false)));
  }
}
