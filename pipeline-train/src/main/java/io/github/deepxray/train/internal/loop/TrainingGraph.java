package io.github.deepxray.train.internal.loop;

import io.github.deepxray.core.internal.concurrent.WorkInterruptedException;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Tensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.optimize.internal.prune.Masks;
import io.github.deepxray.tensorflow.internal.GraphLowering;
import io.github.deepxray.tensorflow.internal.Sessions;
import io.github.deepxray.tensorflow.internal.Tensors;
import io.github.deepxray.tensorflow.internal.WeightBinding;
import io.github.deepxray.tensorflow.internal.WeightVariables;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * TensorFlow graph with a session for head training and fine-tuning.
 *
 * <p>A step computes gradients, optimizer, masks and moving average, in this order.
 */
public final class TrainingGraph implements AutoCloseable {
  private static final String AVERAGE = "average/";
  private static final String MASK = "mask/";
  private static final String OPTIMIZER = "optimizer/";

  private final TrainingSetup setup;
  private final Network network;

  private final Graph graph = Sessions.graph();
  private final Session session;
  private final Placeholder<TFloat32> examples;
  private final Placeholder<TFloat32> targets;
  private final Placeholder<TFloat32> sampleWeights;
  private final Placeholder<TInt64> seedAndStep;
  private final Placeholder<TFloat32> averageDecay;
  private final WeightVariables variables;
  private final List<Operand<TFloat32>> inferred;
  private final ScheduledOptimizer optimizer;
  private final Operand<TFloat32> loss;
  private final Op update;
  private final Op applyMasks;
  private final VariableSlots averages;
  private final VariableSlots masks;
  private final VariableSlots optimizerSlots;

  /**
   * Builds the graph.
   *
   * @param setup network and training settings
   * @param threads number of threads of an operation
   */
  public TrainingGraph(TrainingSetup setup, int threads) {
    this.setup = setup;
    network = setup.network();
    try {
      Ops tf = Ops.create(graph);
      examples = floats(tf, "examples", Tensors.shape(network.inputShape()).prepend(-1));
      int logits = network.size(network.outputs().get(0));
      targets = floats(tf, "targets", logits == 1 ? Shape.of(-1) : Shape.of(-1, logits));
      sampleWeights = floats(tf, "sample_weights", Shape.of(-1));
      seedAndStep =
          tf.withName("seed_and_step").placeholder(TInt64.class, Placeholder.shape(Shape.of(2)));
      averageDecay = floats(tf, "average_decay", Shape.scalar());

      variables = WeightBinding.variables(tf, network, weight -> !setup.frozen().contains(weight));
      loss = loss(tf.withSubScope("training"));
      inferred = lower(tf.withSubScope("inference"), GraphLowering.inference(variables));
      optimizer = setup.optimizer().create(graph, variables.trainable());
      Op step = step(tf);
      optimizerSlots =
          new VariableSlots(
              tf.withSubScope("restore_optimizer"), prefixed(OPTIMIZER, optimizer.slots()));

      Map<String, Operand<TFloat32>> average = average(tf.withSubScope("average"));
      averages = new VariableSlots(tf.withSubScope("restore_average"), average);
      Map<String, Operand<TFloat32>> mask = mask(tf.withSubScope("mask"));
      masks = new VariableSlots(tf.withSubScope("restore_mask"), mask);

      applyMasks = masked(tf.withSubScope("apply_mask"), mask, average);
      Op maskedStep =
          masked(
              tf.withSubScope("mask_step").withControlDependencies(List.of(step)), mask, Map.of());
      update = averaged(tf.withSubScope("average_step"), maskedStep, average);
      session = new Session(graph, Sessions.config(threads));
    } catch (RuntimeException | Error e) {
      graph.close();
      throw e;
    }
  }

  private static Placeholder<TFloat32> floats(Ops tf, String name, Shape shape) {
    return tf.withName(name).placeholder(TFloat32.class, Placeholder.shape(shape));
  }

  private List<Operand<TFloat32>> lower(Ops tf, GraphLowering lowering) {
    Map<String, Operand<TFloat32>> tensors =
        lowering.foldingBatchNormalization().lower(tf, network, examples);
    return network.outputs().stream().map(tensors::get).toList();
  }

  /** Returns the sum of the losses of all outputs. */
  private Operand<TFloat32> loss(Ops tf) {
    GraphLowering lowering =
        setup.deterministic()
            ? GraphLowering.inference(variables)
            : GraphLowering.training(variables, seedAndStep);
    List<Operand<TFloat32>> losses = new ArrayList<>();
    for (Operand<TFloat32> logits : lower(tf, lowering)) {
      Operand<TFloat32> entropy = Objective.crossEntropy(tf, logits, targets, sampleWeights);
      losses.add(
          setup.penalties().isEmpty()
              ? entropy
              : penalized(tf, entropy, setup.penalties().get(losses.size())));
    }
    return tf.math.addN(losses);
  }

  private Operand<TFloat32> penalized(
      Ops tf, Operand<TFloat32> entropy, Map<String, Double> factors) {
    Operand<TFloat32> total = entropy;
    for (Map.Entry<String, Double> kernel : factors.entrySet()) {
      // l2Loss is half the sum of squares.
      Operand<TFloat32> squares = tf.nn.l2Loss(variables.value(kernel.getKey()));
      float factor = (float) (2 * kernel.getValue());
      total = tf.math.add(total, tf.math.mul(squares, tf.constant(factor)));
    }
    return total;
  }

  /** Adds gradients and optimizer. */
  private Op step(Ops tf) {
    return optimizer.applyGradients(
        Gradients.of(
            graph,
            tf.withSubScope("gradients_ready"),
            loss,
            List.copyOf(variables.trainable().values()),
            setup.clipNorm()),
        "update");
  }

  private Map<String, Operand<TFloat32>> average(Ops tf) {
    Map<String, Operand<TFloat32>> average = new LinkedHashMap<>();
    if (setup.averageDecay() > 0) {
      variables
          .trainable()
          .forEach(
              (name, variable) ->
                  average.put(AVERAGE + name, tf.variable(variable.shape(), TFloat32.class)));
    }
    return average;
  }

  private Map<String, Operand<TFloat32>> mask(Ops tf) {
    Map<String, Operand<TFloat32>> mask = new LinkedHashMap<>();
    for (String name : setup.masked()) {
      Shape shape = variables.trainable().get(name).shape();
      mask.put(MASK + name, tf.variable(shape, TFloat32.class));
    }
    return mask;
  }

  private static Map<String, Operand<TFloat32>> prefixed(
      String prefix, Map<String, Operand<TFloat32>> slots) {
    Map<String, Operand<TFloat32>> named = new LinkedHashMap<>();
    slots.forEach((name, slot) -> named.put(prefix + name, slot));
    return named;
  }

  /** Multiplies weights, and their averages if there are any, by their masks. */
  private Op masked(
      Ops tf, Map<String, Operand<TFloat32>> mask, Map<String, Operand<TFloat32>> average) {
    List<Op> done = new ArrayList<>();
    mask.forEach(
        (slot, tensor) -> {
          String name = slot.substring(MASK.length());
          Operand<TFloat32> weight = variables.trainable().get(name);
          done.add(tf.assign(weight, tf.math.mul(weight, tensor)));
          Optional.ofNullable(average.get(AVERAGE + name))
              .ifPresent(mean -> done.add(tf.assign(mean, tf.math.mul(mean, tensor))));
        });
    // Without masks, the previous operation must still run.
    return done.isEmpty() ? tf.noOp() : tf.withControlDependencies(done).noOp();
  }

  /** {@code average = decay * average + (1 - decay) * weight}. */
  private Op averaged(Ops tf, Op before, Map<String, Operand<TFloat32>> average) {
    if (average.isEmpty()) {
      return before;
    }
    Ops after = tf.withControlDependencies(List.of(before));
    Operand<TFloat32> rest = tf.math.sub(tf.constant(1f), averageDecay);
    List<Op> done = new ArrayList<>();
    average.forEach(
        (slot, mean) -> {
          Operand<TFloat32> weight = variables.trainable().get(slot.substring(AVERAGE.length()));
          Operand<TFloat32> step = after.math.mul(after.math.sub(weight, mean), rest);
          done.add(after.assignAdd(mean, step));
        });
    return tf.withControlDependencies(done).noOp();
  }

  /** Starts from initial weights: slots are 0, masks are 1, the average is the weights. */
  public void start(Weights weights) {
    session.initialize();
    variables.assign(session, weights);
    Weights.Builder slots = Weights.builder();
    variables.trainable().keySet().forEach(name -> slots.put(AVERAGE + name, weights.get(name)));
    averages.assign(session, slots.build());
    Weights.Builder ones = Weights.builder();
    network
        .weightSpecs()
        .forEach(
            weight -> {
              float[] values = new float[weight.size()];
              Arrays.fill(values, 1);
              ones.put(MASK + weight.name(), FloatTensor.of(values, weight.shape()));
            });
    masks.assign(session, ones.build());
  }

  /**
   * Performs a step.
   *
   * @param number number of previous steps
   * @return loss before the step
   */
  public double step(Batch batch, long number) {
    WorkInterruptedException.check();
    Session.Runner runner = session.runner();
    List<TFloat32> fed = optimizer.feed(runner, number, learningRate(number));
    double decay = Math.min(setup.averageDecay(), (1.0 + number) / (10.0 + number));
    Shape shape = Tensors.shape(network.inputShape()).prepend(batch.size());
    try (TFloat32 x = batch.examples(shape);
        TFloat32 y = batch.targets();
        TFloat32 w = batch.weights();
        TFloat32 d = TFloat32.scalarOf((float) decay);
        TInt64 random = TInt64.vectorOf(setup.seed(), number);
        Result result =
            runner
                .feed(examples, x)
                .feed(targets, y)
                .feed(sampleWeights, w)
                .feed(seedAndStep, random)
                .feed(averageDecay, d)
                .addTarget(update)
                .fetch(loss)
                .run()) {
      return ((TFloat32) result.get(0)).getFloat();
    } finally {
      fed.forEach(TFloat32::close);
    }
  }

  /**
   * Returns the values of every output without dropout, for the current weights (not the average).
   *
   * @param inputs values of the examples, one after another
   * @param count number of examples
   */
  public float[][] infer(float[] inputs, int count) {
    Session.Runner runner = session.runner();
    inferred.forEach(runner::fetch);
    float[][] values = new float[inferred.size()][];
    Shape shape = Tensors.shape(network.inputShape()).prepend(count);
    try (TFloat32 x = Tensors.of(inputs, shape);
        Result result = runner.feed(examples, x).run()) {
      for (int output = 0; output < values.length; output++) {
        values[output] = Tensors.toFloats(result.get(output));
      }
    }
    return values;
  }

  /** Returns the learning rate of a step. */
  public double learningRate(long number) {
    return setup.schedule().at(number);
  }

  /** Sets the masks of weights and averages. */
  public void mask(Masks chosen) {
    Weights.Builder tensors = Weights.builder();
    chosen.tensors().forEach((name, tensor) -> tensors.put(MASK + name, tensor));
    masks.assign(session, tensors.build());
    session.runner().addTarget(applyMasks).run().close();
  }

  /** Returns the current weights (not the average). */
  public Weights current() {
    return variables.read(session);
  }

  /**
   * Returns the weights to evaluate: the moving average if there is one, else the current weights.
   */
  public Weights result() {
    Weights.Builder weights = Weights.builder();
    current().asMap().forEach(weights::put);
    averages
        .read(session)
        .asMap()
        .forEach((slot, tensor) -> weights.put(slot.substring(AVERAGE.length()), tensor));
    Weights all = weights.build();
    setup.masked().forEach(name -> weights.put(name, withoutNegativeZeros(all.get(name))));
    return weights.build();
  }

  /**
   * Replaces negative zeros, the product of negative numbers and the mask, which compress worse.
   */
  private static FloatTensor withoutNegativeZeros(Tensor tensor) {
    float[] values = tensor.toFloats();
    for (int i = 0; i < values.length; i++) {
      values[i] += 0f;
    }
    return FloatTensor.of(values, tensor.shape());
  }

  /** Returns the state of training besides the weights. */
  public Weights slots() {
    return optimizerSlots.read(session).plus(averages.read(session)).plus(masks.read(session));
  }

  /** Restores the state from {@link #current} and {@link #slots}. */
  public void restore(Weights current, Weights slots) {
    variables.assign(session, current);
    optimizerSlots.assign(session, slots);
    averages.assign(session, slots);
    masks.assign(session, slots);
  }

  @Override
  public void close() {
    session.close();
    graph.close();
  }
}
