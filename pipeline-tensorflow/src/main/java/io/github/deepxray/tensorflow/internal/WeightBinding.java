package io.github.deepxray.tensorflow.internal;

import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.network.WeightSpec;
import io.github.deepxray.core.weights.Weights;
import java.util.function.Predicate;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/** Source of the weights in a graph: constants for inference, variables for training. */
public sealed interface WeightBinding permits WeightConstants, WeightVariables {
  /**
   * Returns the operand of a weight.
   *
   * @param tf the scope to add operations to
   * @param spec the weight's name and shape
   * @throws io.github.deepxray.core.DeepXrayException if there is no such weight
   */
  Operand<TFloat32> read(Ops tf, WeightSpec spec);

  /** Creates constants of weights; quantized weights are dequantized. */
  static WeightBinding constants(Weights weights) {
    return new WeightConstants(weights);
  }

  /**
   * Creates a variable for each weight of a network, without a value until {@link
   * WeightVariables#assign}.
   *
   * @param tf the scope to add variables to
   * @param network the network
   * @param trainable selects the weights to train by name; statistics of normalization layers are
   *     never trained
   */
  static WeightVariables variables(Ops tf, Network network, Predicate<String> trainable) {
    return new WeightVariables(tf, network, trainable);
  }
}
