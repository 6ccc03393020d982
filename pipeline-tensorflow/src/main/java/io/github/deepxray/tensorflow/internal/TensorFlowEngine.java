package io.github.deepxray.tensorflow.internal;

import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.internal.concurrent.CloseGuard;
import io.github.deepxray.core.internal.concurrent.Holders;
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

/** Runs a model as a TensorFlow graph with its weights as constants. */
public final class TensorFlowEngine implements InferenceEngine {
  /** Larger batches gain nothing on a CPU. */
  static final int PREFERRED_BATCH = 32;

  private final List<Integer> inputShape;
  private final List<List<Integer>> outputShapes;
  private final Graph graph;
  private final Session session;
  private final Operand<TFloat32> input;
  private final List<Operand<TFloat32>> outputs = new ArrayList<>();
  private final CloseGuard guard = new CloseGuard("the engine");
  private final Holders holders;

  /**
   * Builds the graph.
   *
   * @param model what to run
   * @param threads how many threads one operation may use; TensorFlow keeps one pool of threads in
   *     a process, whose size the first engine or session decides
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
        new Holders(
            () -> {
              session.close();
              graph.close();
            });
  }

  /** Another engine on the same session, which the caller has got a hold of. */
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

  /** It has a session in common with this one, which runs several calls at once. */
  @Override
  public Optional<InferenceEngine> another() {
    return guard.use(
        () -> {
          // It is open, so it has a hold itself.
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
