package io.github.deepxray.train.internal.loop;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.op.train.ApplyAdam;
import org.tensorflow.op.train.ApplyMomentum;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.family.TType;

/**
 * Optimizer of TensorFlow Java's framework whose learning rate is fed at each step; the optimizers
 * of the framework have a constant learning rate in the graph.
 */
public abstract class ScheduledOptimizer extends Optimizer {
  private final Placeholder<TFloat32> learningRate;
  private final Map<String, Variable<?>> slots = new TreeMap<>();

  private ScheduledOptimizer(Graph graph, String name) {
    super(graph, name);
    learningRate =
        getTF()
            .withName("learning_rate")
            .placeholder(TFloat32.class, Placeholder.shape(Shape.scalar()));
  }

  /**
   * Settings of one variable.
   *
   * @param learningRate factor of the learning rate
   * @param weightDecay decoupled weight decay, as a factor of the learning rate
   */
  public record Group(double learningRate, double weightDecay) {}

  /** Creates stochastic gradient descent with momentum, as in Keras. */
  public static ScheduledOptimizer momentum(Graph graph, double momentum) {
    return new Momentum(graph, momentum);
  }

  /** Creates Adam (Kingma and Ba 2015), as in Keras. */
  public static ScheduledOptimizer adam(Graph graph, double beta1, double beta2, double epsilon) {
    return new Adam(graph, beta1, beta2, epsilon, Map.of());
  }

  /**
   * Creates Adam with decoupled weight decay (Loshchilov and Hutter 2019), as in Keras: {@code
   * variable -= rate * decay * variable}, then Adam's step.
   *
   * @param groups settings of each variable, by the name of its operation
   */
  public static ScheduledOptimizer adamW(
      Graph graph, double beta1, double beta2, double epsilon, Map<String, Group> groups) {
    return new Adam(graph, beta1, beta2, epsilon, groups);
  }

  /** Returns the slots of all variables, by name. */
  public Map<String, Operand<TFloat32>> slots() {
    Map<String, Operand<TFloat32>> floats = new TreeMap<>();
    slots.forEach((name, variable) -> floats.put(name, floats(variable)));
    return floats;
  }

  // The framework stores slots by name, without their type.
  @SuppressWarnings("unchecked")
  private static Operand<TFloat32> floats(Variable<?> variable) {
    return (Operand<TFloat32>) (Operand<?>) variable;
  }

  /**
   * Feeds the inputs of a step.
   *
   * @param step number of previous steps, from 0
   * @param rate the learning rate
   * @return fed tensors, to close after the run
   */
  public List<TFloat32> feed(Session.Runner runner, long step, double rate) {
    TFloat32 tensor = TFloat32.scalarOf((float) rate);
    runner.feed(learningRate, tensor);
    return List.of(tensor);
  }

  <T extends TType> void addSlot(Output<T> variable, String name, Operand<T> initial) {
    createSlot(variable, name, initial);
    slots.put(
        variable.op().name() + "." + name,
        getSlot(variable, name).orElseThrow(IllegalStateException::new));
  }

  // All variables are 32-bit floats; the framework's signatures are generic.
  @SuppressWarnings("unchecked")
  static <T extends TType> Operand<T> as(Operand<TFloat32> operand) {
    return (Operand<T>) operand;
  }

  Operand<TFloat32> learningRate() {
    return learningRate;
  }

  /**
   * {@code velocity = momentum * velocity - rate * gradient; variable += velocity}, as in Keras.
   * TensorFlow's operation accumulates gradients without the learning rate, so the gradient is
   * scaled first.
   */
  private static final class Momentum extends ScheduledOptimizer {
    private static final String VELOCITY = "velocity";
    private final float momentum;

    Momentum(Graph graph, double momentum) {
      super(graph, "Momentum");
      this.momentum = (float) momentum;
    }

    @Override
    protected void createSlots(List<Output<? extends TType>> variables) {
      variables.forEach(this::addVelocity);
    }

    private <T extends TType> void addVelocity(Output<T> variable) {
      addSlot(variable, VELOCITY, getTF().zerosLike(variable));
    }

    @Override
    protected <T extends TType> Op applyDense(Ops ops, Output<T> gradient, Output<T> variable) {
      Variable<T> velocity = getSlot(variable, VELOCITY).orElseThrow(IllegalStateException::new);
      Operand<TFloat32> one = ops.constant(1f);
      return ops.train.applyMomentum(
          variable,
          velocity,
          ScheduledOptimizer.<T>as(one),
          ops.math.mul(gradient, ScheduledOptimizer.<T>as(learningRate())),
          ScheduledOptimizer.<T>as(ops.constant(momentum)),
          new ApplyMomentum.Options[0]);
    }

    @Override
    public String getOptimizerName() {
      return "Momentum";
    }
  }

  /** Adam; the powers of the betas are fed, so a resumed training needs only the step number. */
  private static final class Adam extends ScheduledOptimizer {
    private static final String FIRST = "first_moment";
    private static final String SECOND = "second_moment";
    private final double beta1;
    private final double beta2;
    private final double epsilon;
    private final Map<String, Group> groups;
    private final Placeholder<TFloat32> beta1Power;
    private final Placeholder<TFloat32> beta2Power;

    Adam(Graph graph, double beta1, double beta2, double epsilon, Map<String, Group> groups) {
      super(graph, "Adam");
      this.beta1 = beta1;
      this.beta2 = beta2;
      this.epsilon = epsilon;
      this.groups = Map.copyOf(groups);
      Placeholder.Options scalar = Placeholder.shape(Shape.scalar());
      beta1Power = getTF().withName("beta1_power").placeholder(TFloat32.class, scalar);
      beta2Power = getTF().withName("beta2_power").placeholder(TFloat32.class, scalar);
    }

    @Override
    public List<TFloat32> feed(Session.Runner runner, long step, double rate) {
      TFloat32 first = TFloat32.scalarOf((float) StrictMath.pow(beta1, step + 1.0));
      TFloat32 second = TFloat32.scalarOf((float) StrictMath.pow(beta2, step + 1.0));
      runner.feed(beta1Power, first).feed(beta2Power, second);
      return List.of(first, second, super.feed(runner, step, rate).get(0));
    }

    @Override
    protected void createSlots(List<Output<? extends TType>> variables) {
      variables.forEach(this::addMoments);
    }

    private <T extends TType> void addMoments(Output<T> variable) {
      addSlot(variable, FIRST, getTF().zerosLike(variable));
      addSlot(variable, SECOND, getTF().zerosLike(variable));
    }

    @Override
    protected <T extends TType> Op applyDense(Ops ops, Output<T> gradient, Output<T> variable) {
      Group group = groups.getOrDefault(variable.op().name(), new Group(1, 0));
      Operand<TFloat32> rate = learningRate();
      if (group.learningRate() != 1) {
        rate = ops.math.mul(rate, ops.constant((float) group.learningRate()));
      }
      Ops then = ops;
      if (group.weightDecay() > 0) {
        Operand<TFloat32> share = ops.math.mul(rate, ops.constant((float) group.weightDecay()));
        Operand<T> shrink = ops.math.mul(variable, ScheduledOptimizer.<T>as(share));
        then = ops.withControlDependencies(List.of((Op) ops.assignSub(variable, shrink)));
      }
      return then.train.applyAdam(
          variable,
          getSlot(variable, FIRST).orElseThrow(IllegalStateException::new),
          getSlot(variable, SECOND).orElseThrow(IllegalStateException::new),
          ScheduledOptimizer.<T>as(beta1Power),
          ScheduledOptimizer.<T>as(beta2Power),
          ScheduledOptimizer.<T>as(rate),
          ScheduledOptimizer.<T>as(ops.constant((float) beta1)),
          ScheduledOptimizer.<T>as(ops.constant((float) beta2)),
          ScheduledOptimizer.<T>as(ops.constant((float) epsilon)),
          gradient,
          new ApplyAdam.Options[0]);
    }

    @Override
    public String getOptimizerName() {
      return "Adam";
    }
  }
}
