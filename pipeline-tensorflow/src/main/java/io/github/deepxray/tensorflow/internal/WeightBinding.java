package io.github.deepxray.tensorflow.internal;

import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.network.WeightSpec;
import io.github.deepxray.core.weights.Weights;
import java.util.function.Predicate;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/** Where the weights in a graph come from: constants to infer with, variables to train. */
public sealed interface WeightBinding permits WeightConstants, WeightVariables {
  /**
   * The operand that holds a weight.
   *
   * @param tf where to add what reads it
   * @param spec the weight's name and shape
   * @throws io.github.deepxray.core.DeepXrayException if there is no such weight
   */
  Operand<TFloat32> read(Ops tf, WeightSpec spec);

  /** Weights that are part of the graph; quantized ones are dequantized. */
  static WeightBinding constants(Weights weights) {
    return new WeightConstants(weights);
  }

  /**
   * A variable for each weight of a network; they hold nothing until {@link
   * WeightVariables#assign}.
   *
   * @param tf where to add the variables
   * @param network whose weights
   * @param trainable which weights to train, by name; the statistics of normalization layers never
   *     are
   */
  static WeightVariables variables(Ops tf, Network network, Predicate<String> trainable) {
    return new WeightVariables(tf, network, trainable);
  }
}
