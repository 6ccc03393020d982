package io.github.deepxray.tensorflow;

import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
  private boolean closed;

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
    graph = new Graph();
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
    } catch (RuntimeException e) {
      graph.close();
      throw e;
    }
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

  @Override
  public float[][] run(float[] examples, int count) {
    Sessions.check(closed, inputShape, examples, count);
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
    if (!closed) {
      closed = true;
      session.close();
      graph.close();
    }
  }
}
