package io.github.deepxray.tensorflow.internal;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.network.WeightSpec;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Tensor;
import io.github.deepxray.core.weights.Weights;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;

/**
 * Weights as variables of the graph. The values are in a session: {@link #assign} sets them, {@link
 * #read(Session)} reads them.
 */
public final class WeightVariables implements WeightBinding {
  // These are measured, not trained.
  private static final Set<String> STATISTICS =
      Set.of("mean", "variance", "moving_mean", "moving_variance");

  private static final class Slot {
    private final WeightSpec spec;
    private final Operand<TFloat32> variable;
    private final Operand<TFloat32> value;
    private final Placeholder<TFloat32> fed;
    private final Op assign;

    private Slot(Ops tf, WeightSpec spec) {
      this.spec = spec;
      var shape = Tensors.shape(spec.shape());
      String name = NodeNames.of(spec);
      variable = tf.withName(name).variable(shape, TFloat32.class);
      value = tf.withName(name + ".read").identity(variable);
      fed = tf.withName(name + ".fed").placeholder(TFloat32.class, Placeholder.shape(shape));
      // Fed, because a constant would stay in the graph as a second copy of the weights.
      assign = tf.withName(name + ".assign").assign(variable, fed);
    }
  }

  private final Map<String, Slot> slots = new LinkedHashMap<>();
  private final Map<String, Operand<TFloat32>> trainable = new LinkedHashMap<>();

  WeightVariables(Ops tf, Network network, Predicate<String> trainable) {
    for (WeightSpec spec : network.weightSpecs()) {
      Slot slot = new Slot(tf, spec);
      slots.put(spec.name(), slot);
      String kind = spec.name().substring(spec.name().lastIndexOf('/') + 1);
      if (!STATISTICS.contains(kind) && trainable.test(spec.name())) {
        this.trainable.put(spec.name(), slot.variable);
      }
    }
  }

  @Override
  public Operand<TFloat32> read(Ops tf, WeightSpec spec) {
    return slot(spec.name()).value;
  }

  /** Trainable variables by the names of their weights, in the order of the layers. */
  public Map<String, Operand<TFloat32>> trainable() {
    return Collections.unmodifiableMap(trainable);
  }

  /**
   * Returns the operand of a weight's value, for losses on weights.
   *
   * @throws DeepXrayException if there is no such weight
   */
  public Operand<TFloat32> value(String name) {
    return slot(name).value;
  }

  /**
   * Sets all variables.
   *
   * @param session the session with the values
   * @param weights a value for each variable
   * @throws DeepXrayException if a value is missing or has another shape
   */
  public void assign(Session session, Weights weights) {
    List<TFloat32> fed = new ArrayList<>();
    try {
      Session.Runner runner = session.runner();
      for (Slot slot : slots.values()) {
        Tensor tensor = weights.get(slot.spec.name());
        if (!tensor.shape().equals(slot.spec.shape())) {
          throw new DeepXrayException(
              "The weight %s should be %s but is %s."
                  .formatted(slot.spec.name(), slot.spec.shape(), tensor.shape()));
        }
        TFloat32 value = Tensors.of(tensor.toFloats(), Tensors.shape(tensor.shape()));
        fed.add(value);
        runner.feed(slot.fed, value).addTarget(slot.assign);
      }
      if (!runner.isEmpty()) {
        runner.run().close();
      }
    } finally {
      fed.forEach(TFloat32::close);
    }
  }

  /** Reads the values of all variables. */
  public Weights read(Session session) {
    Session.Runner runner = session.runner();
    slots.values().forEach(slot -> runner.fetch(slot.value));
    Weights.Builder weights = Weights.builder();
    if (!runner.isEmpty()) {
      try (Result result = runner.run()) {
        int i = 0;
        for (Slot slot : slots.values()) {
          weights.put(
              slot.spec.name(),
              FloatTensor.of(Tensors.toFloats(result.get(i++)), slot.spec.shape()));
        }
      }
    }
    return weights.build();
  }

  private Slot slot(String name) {
    Slot slot = slots.get(name);
    if (slot == null) {
      throw new DeepXrayException("There is no variable for the weight " + name + ".");
    }
    return slot;
  }
}
