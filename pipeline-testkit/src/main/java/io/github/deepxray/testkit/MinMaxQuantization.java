package io.github.deepxray.testkit;

import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Activation;
import io.github.deepxray.core.network.Layer.Conv2D;
import io.github.deepxray.core.network.Layer.Dense;
import io.github.deepxray.core.network.Layer.DepthwiseConv2D;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.network.Quantization;
import io.github.deepxray.core.network.Quantization.Affine;
import io.github.deepxray.core.network.Quantization.Arithmetic;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Int8Tensor;
import io.github.deepxray.core.weights.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Simple quantization to test engines: activations by the smallest and largest value, kernels by
 * the largest magnitude of each output channel.
 */
public final class MinMaxQuantization {
  private MinMaxQuantization() {}

  /** Range of a tensor's values, including 0. */
  public record Range(double min, double max) {
    /** Quantization parameters of the range. */
    Affine affine(Arithmetic arithmetic) {
      if (arithmetic == Arithmetic.INT16) {
        return new Affine((float) (Math.max(-min, max) / arithmetic.max()), 0);
      }
      double scale = (max - min) / (arithmetic.max() - arithmetic.min());
      return new Affine((float) scale, (int) Math.round(arithmetic.min() - min / scale));
    }
  }

  /**
   * Computes the ranges of all tensors of a model.
   *
   * @param factory the engine that runs the model
   * @param examples the examples, one after another
   */
  public static Map<String, Range> ranges(
      EngineFactory factory, Model model, float[] examples, int count) {
    Network network = model.network();
    List<String> tensors = new ArrayList<>();
    network.layers().forEach(layer -> tensors.add(layer.name()));
    Map<String, Range> ranges = new TreeMap<>();
    ranges.put(network.input(), range(examples));
    try (InferenceEngine engine = factory.create(model.withOutputs(tensors), 1)) {
      float[][] results = engine.run(examples, count);
      for (int t = 0; t < results.length; t++) {
        ranges.put(tensors.get(t), range(results[t]));
      }
    }
    return ranges;
  }

  private static Range range(float[] values) {
    double min = 0;
    double max = 0;
    for (float value : values) {
      min = Math.min(min, value);
      max = Math.max(max, value);
    }
    // The range must not be empty even if all values are 0.
    return new Range(min, min == max ? 1e-3 : max);
  }

  /**
   * Quantizes the activations of a model and the kernels of its integer layers.
   *
   * @param floatLayers the layers that stay in floats
   */
  public static Model quantize(
      Model model, Arithmetic arithmetic, Map<String, Range> ranges, Set<String> floatLayers) {
    Weights.Builder kernels = Weights.builder();
    Map<String, Affine> tensors = new TreeMap<>();
    tensors.put(model.network().input(), ranges.get(model.network().input()).affine(arithmetic));
    for (Layer layer : model.network().layers()) {
      boolean probabilities = layer instanceof Activation a && a.function().writesProbabilities();
      tensors.put(
          layer.name(),
          probabilities
              ? arithmetic == Arithmetic.INT16
                  ? new Affine(1 / 32768f, 0)
                  : new Affine(1 / 256f, -128)
              : ranges.get(layer.name()).affine(arithmetic));
      if (floatLayers.contains(layer.name())) {
        continue;
      }
      if (layer instanceof Conv2D || layer instanceof Dense) {
        quantize(model, layer.name() + "/kernel", -1, kernels);
      } else if (layer instanceof DepthwiseConv2D) {
        quantize(model, layer.name() + "/depthwise_kernel", -2, kernels);
      }
    }
    return new Model(
        model.network(),
        model.weights().plus(kernels.build()),
        new Quantization(arithmetic, tensors, floatLayers));
  }

  private static void quantize(Model model, String name, int fromEnd, Weights.Builder into) {
    FloatTensor kernel = (FloatTensor) model.weights().get(name);
    into.put(name, Int8Tensor.quantize(kernel, kernel.shape().size() + fromEnd));
  }
}
