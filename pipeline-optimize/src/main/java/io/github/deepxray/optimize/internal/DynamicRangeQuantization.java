package io.github.deepxray.optimize.internal;

import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Quantization;
import java.util.Set;

/**
 * Stores the kernels of convolutions and dense layers as 8-bit integers with one scale an output
 * channel, and lets these layers quantize what they read on the fly; activations are stored in
 * float. This is TFLite's dynamic range quantization.
 *
 * <p>As in TensorFlow's converter, kernels of fewer than {@value #MIN_ELEMENTS} values stay in
 * float, where they weigh little.
 */
public final class DynamicRangeQuantization implements Pass {
  /** The least number of values for which a kernel is quantized. */
  public static final int MIN_ELEMENTS = 1024;

  private final Set<String> floatLayers;

  /** Quantizes all layers. */
  public DynamicRangeQuantization() {
    this(Set.of());
  }

  /** Quantizes all layers but these. */
  public DynamicRangeQuantization(Set<String> floatLayers) {
    this.floatLayers = Set.copyOf(floatLayers);
  }

  @Override
  public Model apply(Model model) {
    return new Model(model.network(), Kernels.quantized(model, floatLayers), Quantization.DYNAMIC);
  }
}
