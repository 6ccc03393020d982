package io.github.deepxray.train.internal.loop;

import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.tensorflow.internal.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;

/** Named variables of a graph, which can be read from a session and assigned. */
public final class VariableSlots {
  private final Map<String, Operand<TFloat32>> variables = new LinkedHashMap<>();
  private final Map<String, Placeholder<TFloat32>> fed = new LinkedHashMap<>();
  private final Map<String, Op> assigns = new LinkedHashMap<>();

  /**
   * Adds operations that assign the variables.
   *
   * @param tf scope for the operations
   * @param variables variables with known shapes, by name
   */
  public VariableSlots(Ops tf, Map<String, ? extends Operand<TFloat32>> variables) {
    variables.forEach(
        (name, variable) -> {
          Placeholder<TFloat32> placeholder =
              tf.placeholder(TFloat32.class, Placeholder.shape(variable.shape()));
          this.variables.put(name, variable);
          fed.put(name, placeholder);
          assigns.put(name, tf.assign(variable, placeholder));
        });
  }

  /** Returns the values of all variables. */
  public Weights read(Session session) {
    Weights.Builder weights = Weights.builder();
    if (variables.isEmpty()) {
      return weights.build();
    }
    Session.Runner runner = session.runner();
    variables.values().forEach(runner::fetch);
    try (Result result = runner.run()) {
      int i = 0;
      for (Map.Entry<String, Operand<TFloat32>> slot : variables.entrySet()) {
        List<Integer> shape = new ArrayList<>();
        for (long dimension : slot.getValue().shape().asArray()) {
          shape.add((int) dimension);
        }
        weights.put(slot.getKey(), FloatTensor.of(Tensors.toFloats(result.get(i++)), shape));
      }
    }
    return weights.build();
  }

  /**
   * Assigns all variables.
   *
   * @param weights value of each variable
   * @throws io.github.deepxray.core.DeepXrayException if a value is missing
   */
  public void assign(Session session, Weights weights) {
    if (variables.isEmpty()) {
      return;
    }
    Session.Runner runner = session.runner();
    List<TFloat32> tensors = new ArrayList<>();
    try {
      fed.forEach(
          (name, placeholder) -> {
            TFloat32 tensor = Tensors.of(weights.floats(name), placeholder.shape());
            tensors.add(tensor);
            runner.feed(placeholder, tensor).addTarget(assigns.get(name));
          });
      runner.run().close();
    } finally {
      tensors.forEach(TFloat32::close);
    }
  }
}
