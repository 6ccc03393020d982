package io.github.deepxray.optimize.internal;

import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Quantization;
import io.github.deepxray.core.network.WeightSpec;
import io.github.deepxray.core.weights.Float16Tensor;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import java.util.List;
import java.util.Set;

/**
 * Stores the kernels and biases of convolutions and dense layers as 16-bit floats; all arithmetic
 * is in 32 bits.
 *
 * <p>Means and variances are unchanged: a small variance would be below the range of 16 bits.
 *
 * @param floatLayers the layers whose weights are unchanged
 */
public record Float16Weights(Set<String> floatLayers) implements Pass {
  /** Copies the set. */
  public Float16Weights {
    floatLayers = Set.copyOf(floatLayers);
  }

  @Override
  public Model apply(Model model) {
    Weights.Builder rounded = Weights.builder();
    for (Layer layer : model.network().layers()) {
      if (Kernels.has(layer) && !floatLayers.contains(layer.name())) {
        List<List<Integer>> shapes = layer.inputs().stream().map(model.network()::shape).toList();
        for (WeightSpec spec : layer.weights(shapes)) {
          if (model.weights().get(spec.name()) instanceof FloatTensor floats) {
            rounded.put(spec.name(), Float16Tensor.of(floats));
          }
        }
      }
    }
    return new Model(model.network(), model.weights().plus(rounded.build()), Quantization.NONE);
  }
}
