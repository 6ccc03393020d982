package io.github.deepxray.optimize.internal.quantize;

import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Activation;
import io.github.deepxray.core.network.Layer.Function;
import io.github.deepxray.core.network.Layer.Multiply;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.network.Quantization;
import io.github.deepxray.core.network.Quantization.Affine;
import io.github.deepxray.core.network.Quantization.Arithmetic;
import io.github.deepxray.testkit.ReferenceInterpreter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Runs models layer by layer in floats and rounds every tensor that the model stores as integers to
 * what its integers can hold: exact integer arithmetic but for the accumulators' rounding.
 */
final class SimulatedEngines implements EngineFactory {
  private final int parallel;
  private final AtomicInteger open = new AtomicInteger();

  SimulatedEngines(int parallel) {
    this.parallel = parallel;
  }

  /** How many engines were not closed. */
  int open() {
    return open.get();
  }

  @Override
  public String name() {
    return "simulated";
  }

  @Override
  public String version() {
    return "1";
  }

  @Override
  public int parallelEngines(int cores) {
    return parallel;
  }

  @Override
  public InferenceEngine create(Model model, int threads) {
    open.incrementAndGet();
    return new Engine(model);
  }

  private final class Engine implements InferenceEngine {
    private final Model model;
    private boolean closed;

    Engine(Model model) {
      this.model = model;
    }

    @Override
    public List<Integer> inputShape() {
      return model.network().inputShape();
    }

    @Override
    public List<List<Integer>> outputShapes() {
      return model.network().outputs().stream().map(model.network()::shape).toList();
    }

    @Override
    public int preferredBatch() {
      return 1;
    }

    @Override
    public float[][] run(float[] input, int count) {
      Map<String, float[]> tensors = tensors(model, input);
      return model.network().outputs().stream().map(tensors::get).toArray(float[][]::new);
    }

    @Override
    public void close() {
      if (!closed) {
        closed = true;
        open.decrementAndGet();
      }
    }
  }

  /** Every tensor of a model for one example. */
  static Map<String, float[]> tensors(Model model, float[] input) {
    Network network = model.network();
    Quantization quantization = model.quantization();
    Map<String, float[]> tensors = new HashMap<>();
    tensors.put(network.input(), input);
    for (Layer layer : network.layers()) {
      boolean integer = quantization.integer(layer.name());
      List<float[]> read = new ArrayList<>();
      for (String tensor : layer.inputs()) {
        float[] values = tensors.get(tensor);
        read.add(integer ? rounded(values, quantization, tensor) : values);
      }
      float[] written;
      if (integer && layer instanceof Activation a && a.function() == Function.SWISH) {
        Affine steps =
            quantization.arithmetic() == Arithmetic.INT16
                ? new Affine(1f / 32768, 0)
                : new Affine(1f / 256, -128);
        float[] sigmoid =
            apply(network, new Activation(a.name(), a.input(), Function.SIGMOID), read, model);
        sigmoid = rounded(sigmoid, steps, quantization.arithmetic());
        written = new float[sigmoid.length];
        for (int i = 0; i < written.length; i++) {
          written[i] = read.get(0)[i] * sigmoid[i];
        }
      } else {
        written = apply(network, layer, read, model);
      }
      tensors.put(layer.name(), integer ? rounded(written, quantization, layer.name()) : written);
    }
    return tensors;
  }

  /** One layer by the textbook, as a network of its own. */
  private static float[] apply(Network network, Layer layer, List<float[]> read, Model model) {
    if (layer instanceof Layer.Add || layer instanceof Multiply) {
      float[] a = read.get(0);
      float[] b = read.get(1);
      float[] c = new float[a.length];
      for (int i = 0; i < c.length; i++) {
        c[i] = layer instanceof Layer.Add ? a[i] + b[i] : a[i] * b[i % b.length];
      }
      return c;
    }
    String in = layer.inputs().get(0);
    Network one = new Network("one", in, network.shape(in), List.of(layer), List.of(layer.name()));
    double[] values =
        new ReferenceInterpreter(new Model(one, model.weights()))
            .run(read.get(0))
            .get(layer.name());
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  private static float[] rounded(float[] values, Quantization quantization, String tensor) {
    return rounded(values, quantization.tensor(tensor), quantization.arithmetic());
  }

  /** The definition of affine quantization, value by value. */
  static float[] rounded(float[] values, Affine affine, Arithmetic arithmetic) {
    float[] rounded = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      double q = Math.rint(values[i] / (double) affine.scale()) + affine.zeroPoint();
      q = Math.max(arithmetic.min(), Math.min(arithmetic.max(), q));
      rounded[i] = (float) (affine.scale() * (q - affine.zeroPoint()));
    }
    return rounded;
  }
}
