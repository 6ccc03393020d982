package io.github.deepxray.optimize.internal;

import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Quantization;
import java.util.Set;

/**
 * Stores the kernels of convolutions and dense layers as 8-bit integers with one scale per output
 * channel; they are dequantized when the model is loaded, and all arithmetic is in floats.
 *
 * <p>Kernels of fewer than {@link DynamicRangeQuantization#MIN_ELEMENTS} values stay in float.
 *
 * @param floatLayers the layers whose kernels are unchanged
 */
public record WeightOnlyQuantization(Set<String> floatLayers) implements Pass {
  /** Copies the set. */
  public WeightOnlyQuantization {
    floatLayers = Set.copyOf(floatLayers);
  }

  @Override
  public Model apply(Model model) {
    return new Model(model.network(), Kernels.quantized(model, floatLayers), Quantization.NONE);
  }
}
