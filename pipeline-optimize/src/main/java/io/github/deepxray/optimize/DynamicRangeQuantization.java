package io.github.deepxray.optimize;

import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Conv2D;
import io.github.deepxray.core.network.Layer.Dense;
import io.github.deepxray.core.network.Layer.DepthwiseConv2D;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Quantization;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Int8Tensor;
import io.github.deepxray.core.weights.Tensor;
import io.github.deepxray.core.weights.Weights;

/**
 * Stores the kernels of convolutions and dense layers as 8-bit integers with one scale an output
 * channel; activations stay in float ({@link Quantization#DYNAMIC}, TFLite's dynamic range
 * quantization).
 *
 * <p>As in TensorFlow's converter, kernels of fewer than {@value #MIN_ELEMENTS} values stay in
 * float, where they weigh little.
 */
public final class DynamicRangeQuantization implements Pass {
  /** The least number of values for which a kernel is quantized. */
  public static final int MIN_ELEMENTS = 1024;

  @Override
  public Model apply(Model model) {
    Weights.Builder quantized = Weights.builder();
    for (Layer layer : model.network().layers()) {
      if (layer instanceof Conv2D || layer instanceof DepthwiseConv2D || layer instanceof Dense) {
        String name = Kernels.name(layer);
        Tensor kernel = model.weights().get(name);
        if (kernel instanceof FloatTensor floats && floats.size() >= MIN_ELEMENTS) {
          // Output channels: [.., filters], but [k, k, C, 1] for depthwise.
          int axis = layer instanceof DepthwiseConv2D ? 2 : kernel.shape().size() - 1;
          quantized.put(name, Int8Tensor.quantize(floats, axis));
        }
      }
    }
    return new Model(
        model.network(), model.weights().plus(quantized.build()), Quantization.DYNAMIC);
  }
}
