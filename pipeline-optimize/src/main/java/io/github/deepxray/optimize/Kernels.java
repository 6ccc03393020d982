package io.github.deepxray.optimize;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Tensor;
import io.github.deepxray.core.weights.Weights;

/** Names of and arithmetic on the kernels of layers, in double precision. */
public final class Kernels {
  private Kernels() {}

  /** The name of the kernel of a convolution or dense layer. */
  public static String name(Layer layer) {
    return layer.name()
        + (layer instanceof Layer.DepthwiseConv2D ? "/depthwise_kernel" : "/kernel");
  }

  /**
   * A layer's kernel.
   *
   * @throws DeepXrayException if it is quantized, so that it cannot be changed without loss
   */
  static FloatTensor floats(Weights weights, Layer layer) {
    Tensor kernel = weights.get(name(layer));
    if (kernel instanceof FloatTensor floats) {
      return floats;
    }
    throw new DeepXrayException(
        "Weight " + name(layer) + " is quantized already; fold the model before quantizing it.");
  }

  /** Puts the kernel multiplied by one factor an output channel. */
  static void scaleOutputs(Weights weights, Layer layer, double[] factors, Weights.Builder into) {
    // The output channels are the fastest dimension: [.., filters], and [k, k, C, 1] for depthwise.
    FloatTensor kernel = floats(weights, layer);
    float[] values = kernel.toFloats();
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (values[i] * factors[i % factors.length]);
    }
    into.put(name(layer), FloatTensor.of(values, kernel.shape()));
  }

  /** Puts a layer's bias. */
  static void putBias(Layer layer, double[] bias, Weights.Builder into) {
    float[] values = new float[bias.length];
    for (int c = 0; c < bias.length; c++) {
      values[c] = (float) bias[c];
    }
    into.put(layer.name() + "/bias", FloatTensor.of(values, bias.length));
  }
}
