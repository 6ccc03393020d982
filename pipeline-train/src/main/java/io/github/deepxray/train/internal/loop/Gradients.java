package io.github.deepxray.train.internal.loop;

import java.util.ArrayList;
import java.util.List;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.framework.optimizers.Optimizer.GradAndVar;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.family.TType;

/** Gradients of a loss, computed by TensorFlow. */
public final class Gradients {
  private Gradients() {}

  /**
   * Adds the gradients to the graph.
   *
   * <p>Control dependencies make all gradients complete before the first is used, because the
   * optimizer changes variables in place while other gradients might still read them.
   *
   * @param graph graph of the loss
   * @param tf scope for additional operations
   * @param loss scalar loss
   * @param variables variables to differentiate by
   * @param clipNorm maximum global norm (Pascanu et al. 2013), to which larger gradients are scaled
   *     down; 0 for no clipping
   * @return a gradient for each variable, in the same order
   */
  public static List<GradAndVar<? extends TType>> of(
      Graph graph,
      Ops tf,
      Operand<TFloat32> loss,
      List<Operand<TFloat32>> variables,
      double clipNorm) {
    Output<?>[] outputs =
        graph.addGradients(
            loss.asOutput(), variables.stream().map(Operand::asOutput).toArray(Output[]::new));
    List<Operand<TFloat32>> gradients = new ArrayList<>();
    for (Output<?> output : outputs) {
      gradients.add(floats(output));
    }
    List<Op> all = List.copyOf(gradients);
    if (clipNorm > 0) {
      List<Operand<TFloat32>> squares = new ArrayList<>();
      for (Operand<TFloat32> gradient : gradients) {
        // Half the sum of squares.
        squares.add(tf.nn.l2Loss(gradient));
      }
      Operand<TFloat32> norm = tf.math.sqrt(tf.math.mul(tf.math.addN(squares), tf.constant(2f)));
      Operand<TFloat32> limit = tf.constant((float) clipNorm);
      Operand<TFloat32> factor = tf.math.div(limit, tf.math.maximum(norm, limit));
      gradients.replaceAll(gradient -> tf.math.mul(gradient, factor));
    }
    Ops after = tf.withControlDependencies(all);
    List<GradAndVar<? extends TType>> pairs = new ArrayList<>();
    for (int i = 0; i < gradients.size(); i++) {
      Operand<TFloat32> ready = after.identity(gradients.get(i));
      pairs.add(new GradAndVar<>(ready.asOutput(), variables.get(i).asOutput()));
    }
    return pairs;
  }

  // Loss and variables are 32-bit floats, so the gradients are, too.
  @SuppressWarnings("unchecked")
  private static Operand<TFloat32> floats(Output<?> output) {
    return (Output<TFloat32>) output;
  }
}
