package io.github.deepxray.optimize.internal;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Int8Tensor;
import io.github.deepxray.core.weights.Tensor;
import io.github.deepxray.core.weights.Weights;
import java.util.Set;

/** Kernels of layers, and their arithmetic in double precision. */
public final class Kernels {
  private Kernels() {}

  /** Whether a layer has a kernel: a convolution or a dense layer. */
  public static boolean has(Layer layer) {
    return layer instanceof Layer.Conv2D
        || layer instanceof Layer.DepthwiseConv2D
        || layer instanceof Layer.Dense;
  }

  /** Name of a layer's kernel. */
  public static String name(Layer layer) {
    return layer.name()
        + (layer instanceof Layer.DepthwiseConv2D ? "/depthwise_kernel" : "/kernel");
  }

  /**
   * Returns a layer's kernel.
   *
   * @throws DeepXrayException if the kernel is quantized, so that it cannot be changed without loss
   */
  public static FloatTensor floats(Weights weights, Layer layer) {
    Tensor kernel = weights.get(name(layer));
    if (kernel instanceof FloatTensor floats) {
      return floats;
    }
    throw new DeepXrayException(
        "Weight " + name(layer) + " is quantized already; fold the model before quantizing it.");
  }

  /** Dimension of the output channels in a layer's kernel. */
  public static int outputAxis(Layer layer) {
    // Keras' layouts: [k, k, C, filters], [C, units], but [k, k, C, 1] for depthwise.
    return layer instanceof Layer.Dense ? 1 : layer instanceof Layer.DepthwiseConv2D ? 2 : 3;
  }

  /**
   * Quantizes kernels of at least {@link DynamicRangeQuantization#MIN_ELEMENTS} values to 8-bit
   * integers, except those of some layers.
   */
  static Weights quantized(Model model, Set<String> floatLayers) {
    Weights.Builder quantized = Weights.builder();
    for (Layer layer : model.network().layers()) {
      if (has(layer)
          && !floatLayers.contains(layer.name())
          && model.weights().get(name(layer)) instanceof FloatTensor floats
          && floats.size() >= DynamicRangeQuantization.MIN_ELEMENTS) {
        quantized.put(name(layer), Int8Tensor.quantize(floats, outputAxis(layer)));
      }
    }
    return model.weights().plus(quantized.build());
  }

  /** Adds the kernel multiplied by a factor per output channel. */
  static void scaleOutputs(Weights weights, Layer layer, double[] factors, Weights.Builder into) {
    // The output channels are the fastest dimension: [.., filters], and [k, k, C, 1] for depthwise.
    FloatTensor kernel = floats(weights, layer);
    float[] values = kernel.toFloats();
    for (int i = 0; i < values.length; i++) {
      // The sum makes 0 of -0: pruned weights must not differ by the sign of their factor.
      values[i] = (float) (values[i] * factors[i % factors.length]) + 0f;
    }
    into.put(name(layer), FloatTensor.of(values, kernel.shape()));
  }

  /** Adds a layer's bias. */
  static void putBias(Layer layer, double[] bias, Weights.Builder into) {
    float[] values = new float[bias.length];
    for (int c = 0; c < bias.length; c++) {
      values[c] = (float) bias[c];
    }
    into.put(layer.name() + "/bias", FloatTensor.of(values, bias.length));
  }
}
