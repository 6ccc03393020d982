package io.github.deepxray.tensorflow.internal;

import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.internal.concurrent.CloseGuard;
import io.github.deepxray.core.internal.concurrent.ReferenceCount;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;

/** Engine that runs a model as a TensorFlow graph with constant weights. */
public final class TensorFlowEngine implements InferenceEngine {
  /** Larger batches are not faster on a CPU. */
  static final int PREFERRED_BATCH = 32;

  private final List<Integer> inputShape;
  private final List<List<Integer>> outputShapes;
  private final Graph graph;
  private final Session session;
  private final Operand<TFloat32> input;
  private final List<Operand<TFloat32>> outputs = new ArrayList<>();
  private final CloseGuard guard = new CloseGuard("the engine");
  private final ReferenceCount holders;

  /**
   * Creates an engine and its graph.
   *
   * @param model the model to run
   * @param threads number of threads of one operation; a process has one pool of threads, whose
   *     size the first engine or session sets
   */
  public TensorFlowEngine(Model model, int threads) {
    Network network = model.network();
    inputShape = network.inputShape();
    outputShapes = network.outputs().stream().map(network::shape).toList();
    graph = Sessions.graph();
    try {
      Ops tf = Ops.create(graph);
      input =
          tf.withName("input")
              .placeholder(TFloat32.class, Placeholder.shape(Tensors.batch(-1, inputShape)));
      Map<String, Operand<TFloat32>> tensors =
          GraphLowering.inference(WeightBinding.constants(model.weights()))
              .lower(tf, network, input);
      network.outputs().forEach(name -> outputs.add(tensors.get(name)));
      session = new Session(graph, Sessions.config(threads));
    } catch (RuntimeException | Error e) {
      graph.close();
      throw e;
    }
    holders =
        new ReferenceCount(
            () -> {
              session.close();
              graph.close();
            });
  }

  /** Creates another engine on the same session, which the caller has already held. */
  private TensorFlowEngine(TensorFlowEngine engine) {
    inputShape = engine.inputShape;
    outputShapes = engine.outputShapes;
    graph = engine.graph;
    session = engine.session;
    input = engine.input;
    outputs.addAll(engine.outputs);
    holders = engine.holders;
  }

  @Override
  public List<Integer> inputShape() {
    return inputShape;
  }

  @Override
  public List<List<Integer>> outputShapes() {
    return outputShapes;
  }

  @Override
  public int preferredBatch() {
    return PREFERRED_BATCH;
  }

  /** Creates an engine on the same session, which supports parallel calls. */
  @Override
  public Optional<InferenceEngine> another() {
    return guard.use(
        () -> {
          // The open engine itself holds the session.
          holders.hold();
          return Optional.of(new TensorFlowEngine(this));
        });
  }

  @Override
  public float[][] run(float[] examples, int count) {
    return guard.use(() -> Sessions.LIBRARY.call("The model", () -> call(examples, count)));
  }

  private float[][] call(float[] examples, int count) {
    Sessions.check(inputShape, examples, count);
    try (TFloat32 fed = Tensors.of(examples, Tensors.batch(count, inputShape))) {
      Session.Runner runner = session.runner().feed(input, fed);
      outputs.forEach(runner::fetch);
      try (Result result = runner.run()) {
        float[][] values = new float[outputs.size()][];
        for (int i = 0; i < values.length; i++) {
          values[i] = Tensors.toFloats(result.get(i));
        }
        return values;
      }
    }
  }

  @Override
  public void close() {
    guard.close(holders::release);
  }
}
