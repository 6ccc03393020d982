package io.github.deepxray.train.finetune;

import io.github.deepxray.core.concurrent.WorkInterruptedException;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Tensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.optimize.prune.Masks;
import io.github.deepxray.tensorflow.GraphLowering;
import io.github.deepxray.tensorflow.Sessions;
import io.github.deepxray.tensorflow.Tensors;
import io.github.deepxray.tensorflow.WeightBinding;
import io.github.deepxray.tensorflow.WeightVariables;
import io.github.deepxray.train.FineTuneSpec;
import io.github.deepxray.train.loop.Gradients;
import io.github.deepxray.train.loop.LearningRateSchedule;
import io.github.deepxray.train.loop.Objective;
import io.github.deepxray.train.loop.ScheduledOptimizer;
import io.github.deepxray.train.loop.VariableSlots;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
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
 * The graph that trains a part of a classifier, in a session.
 *
 * <p>A step is: gradients, optimizer, masks, moving average, each after the one before it.
 */
final class TrainingGraph implements AutoCloseable {
  // Keras' defaults.
  private static final double BETA_1 = 0.9;
  private static final double BETA_2 = 0.999;
  private static final double EPSILON = 1e-7;

  private static final String AVERAGE = "average/";
  private static final String MASK = "mask/";
  private static final String OPTIMIZER = "optimizer/";

  private final FineTuneSpec spec;
  private final long seed;
  private final Network network;
  private final List<String> pruned;
  private final LearningRateSchedule schedule;

  private final Graph graph = Sessions.graph();
  private final Session session;
  private final Placeholder<TFloat32> examples;
  private final Placeholder<TFloat32> targets;
  private final Placeholder<TFloat32> sampleWeights;
  private final Placeholder<TInt64> seedAndStep;
  private final Placeholder<TFloat32> averageDecay;
  private final WeightVariables variables;
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
   * @param network the part that is trained, with the logits as its only output
   * @param pruned the names of the weights that are masked; all are trained
   * @param steps the number of all steps
   */
  TrainingGraph(
      FineTuneSpec spec, long seed, Network network, List<String> pruned, long steps, int threads) {
    this.spec = spec;
    this.seed = seed;
    this.network = network;
    this.pruned = List.copyOf(pruned);
    schedule = spec.schedule(steps);
    try {
      Ops tf = Ops.create(graph);
      Placeholder.Options vector = Placeholder.shape(Shape.of(-1));
      examples =
          tf.withName("examples")
              .placeholder(
                  TFloat32.class,
                  Placeholder.shape(Tensors.shape(network.inputShape()).prepend(-1)));
      int logits = network.size(network.outputs().get(0));
      targets =
          tf.withName("targets")
              .placeholder(
                  TFloat32.class, logits == 1 ? vector : Placeholder.shape(Shape.of(-1, logits)));
      sampleWeights = tf.withName("sample_weights").placeholder(TFloat32.class, vector);
      seedAndStep =
          tf.withName("seed_and_step").placeholder(TInt64.class, Placeholder.shape(Shape.of(2)));
      averageDecay =
          tf.withName("average_decay")
              .placeholder(TFloat32.class, Placeholder.shape(Shape.scalar()));

      Map<String, Double> rates = Blocks.weightRates(network, spec);
      variables = WeightBinding.variables(tf, network, name -> rates.get(name) > 0);
      GraphLowering lowering =
          (spec.dropout()
                  ? GraphLowering.training(variables, seedAndStep)
                  : GraphLowering.inference(variables))
              .foldingBatchNormalization();
      Ops training = tf.withSubScope("training");
      Operand<TFloat32> logit =
          lowering.lower(training, network, examples).get(network.outputs().get(0));
      loss = Objective.crossEntropy(training, logit, targets, sampleWeights);

      Map<String, Operand<TFloat32>> trainable = variables.trainable();
      Map<String, ScheduledOptimizer.Group> groups = new HashMap<>();
      trainable.forEach(
          (name, variable) ->
              groups.put(
                  variable.op().name(),
                  new ScheduledOptimizer.Group(
                      rates.get(name), isKernel(name) ? spec.weightDecay() : 0)));
      optimizer = ScheduledOptimizer.adamW(graph, BETA_1, BETA_2, EPSILON, groups);
      Op step =
          optimizer.applyGradients(
              Gradients.of(
                  graph,
                  tf.withSubScope("gradients_ready"),
                  loss,
                  List.copyOf(trainable.values()),
                  spec.clipNorm()),
              "update");
      optimizerSlots =
          new VariableSlots(
              tf.withSubScope("restore_optimizer"), prefixed(OPTIMIZER, optimizer.slots()));

      Map<String, Operand<TFloat32>> average = new LinkedHashMap<>();
      if (spec.emaDecay() > 0) {
        Ops scope = tf.withSubScope("average");
        trainable.forEach(
            (name, variable) ->
                average.put(AVERAGE + name, scope.variable(variable.shape(), TFloat32.class)));
      }
      averages = new VariableSlots(tf.withSubScope("restore_average"), average);

      Map<String, Operand<TFloat32>> mask = new LinkedHashMap<>();
      Ops maskScope = tf.withSubScope("mask");
      for (String name : pruned) {
        mask.put(MASK + name, maskScope.variable(trainable.get(name).shape(), TFloat32.class));
      }
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

  private static boolean isKernel(String weight) {
    return weight.endsWith("/kernel") || weight.endsWith("/depthwise_kernel");
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
    // With nothing to do, what came before must still be done.
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

  /** Starts from these weights: no moments, no masks, the average is the weights. */
  void start(Weights weights) {
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
   * Does a step.
   *
   * @param number the number of steps done before
   * @return the loss before the step
   */
  double step(Batches.Batch batch, long number) {
    WorkInterruptedException.check();
    Session.Runner runner = session.runner();
    List<TFloat32> fed = optimizer.feed(runner, number, schedule.at(number));
    double decay = Math.min(spec.emaDecay(), (1.0 + number) / (10.0 + number));
    Shape shape = Tensors.shape(network.inputShape()).prepend(batch.size());
    try (TFloat32 x = batch.examples(shape);
        TFloat32 y = batch.targets();
        TFloat32 w = batch.weights();
        TFloat32 d = TFloat32.scalarOf((float) decay);
        TInt64 random = TInt64.vectorOf(seed, number);
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

  /** The learning rate of a step. */
  double learningRate(long number) {
    return schedule.at(number);
  }

  /** Masks weights and averages from now on. */
  void mask(Masks chosen) {
    Weights.Builder tensors = Weights.builder();
    chosen.asMap().forEach((name, tensor) -> tensors.put(MASK + name, tensor));
    masks.assign(session, tensors.build());
    session.runner().addTarget(applyMasks).run().close();
  }

  /** The weights as they are trained. */
  Weights current() {
    return variables.read(session);
  }

  /** The weights to evaluate: the average, if there is one. */
  Weights result() {
    Weights.Builder weights = Weights.builder();
    current().asMap().forEach(weights::put);
    averages
        .read(session)
        .asMap()
        .forEach((slot, tensor) -> weights.put(slot.substring(AVERAGE.length()), tensor));
    Weights all = weights.build();
    pruned.forEach(name -> weights.put(name, withoutNegativeZeros(all.get(name))));
    return weights.build();
  }

  /** A negative number times its mask is the negative zero, which compresses worse. */
  private static FloatTensor withoutNegativeZeros(Tensor tensor) {
    float[] values = tensor.toFloats();
    for (int i = 0; i < values.length; i++) {
      values[i] += 0f;
    }
    return FloatTensor.of(values, tensor.shape());
  }

  /** Everything but the weights that the next step depends on. */
  Weights slots() {
    return optimizerSlots.read(session).plus(averages.read(session)).plus(masks.read(session));
  }

  /** Goes on from what {@link #current} and {@link #slots} were. */
  void restore(Weights current, Weights slots) {
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
