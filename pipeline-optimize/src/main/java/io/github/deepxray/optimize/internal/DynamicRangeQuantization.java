package io.github.deepxray.optimize.internal;

import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Quantization;
import java.util.Set;

/**
 * Dynamic range quantization as in TFLite: kernels of convolutions and dense layers are stored as
 * 8-bit integers with one scale per output channel, and these layers quantize their inputs at run
 * time; activations are stored in float.
 *
 * <p>As in TensorFlow's converter, kernels of fewer than {@value #MIN_ELEMENTS} values stay in
 * float, since they are small.
 */
public final class DynamicRangeQuantization implements Pass {
  /** Smallest number of values of a quantized kernel. */
  public static final int MIN_ELEMENTS = 1024;

  private final Set<String> floatLayers;

  /** Creates a pass that quantizes all layers. */
  public DynamicRangeQuantization() {
    this(Set.of());
  }

  /** Creates a pass that quantizes all layers except these. */
  public DynamicRangeQuantization(Set<String> floatLayers) {
    this.floatLayers = Set.copyOf(floatLayers);
  }

  @Override
  public Model apply(Model model) {
    return new Model(model.network(), Kernels.quantized(model, floatLayers), Quantization.DYNAMIC);
  }
}
