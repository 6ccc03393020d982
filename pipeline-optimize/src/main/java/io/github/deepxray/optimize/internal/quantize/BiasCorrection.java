package io.github.deepxray.optimize.internal.quantize;

import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Conv2D;
import io.github.deepxray.core.network.Layer.DepthwiseConv2D;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Quantization;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.optimize.internal.Range;
import io.github.deepxray.optimize.internal.RepresentativeDataset;
import io.github.deepxray.optimize.internal.prune.MomentCorrection;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Bias correction: restores the float means of channels in an integer model (Nagel et al. 2019,
 * "Data-Free Quantization Through Weight Equalization and Bias Correction", with measured means).
 *
 * <p>Rounding errors do not average out: a rounded kernel has another sum, and swish is nonlinear,
 * so a shift in one layer affects all later ones. Convolutions are therefore corrected in order,
 * each on the integer outputs of the corrected layers before it. Means are those of values clipped
 * to the layer's integer range: intentional clipping in front of a swish (see {@link
 * SwishInputRange}) must not shift the remaining values. Size and speed do not change.
 *
 * @param engines the engine that runs both models; for integer models one with integer arithmetic
 * @param cores the number of processor cores; results do not depend on it
 * @param progress notified of every example of each pass; there is one more pass than convolutions
 */
public record BiasCorrection(EngineFactory engines, int cores, Progress progress) {
  /**
   * Corrects a quantized model.
   *
   * @param exact the folded float model that was quantized
   * @param quantized the quantized model, whose integer convolutions are corrected
   * @param examples images on which the means are equalized, from the training split
   * @throws IOException if an example cannot be read
   */
  public Model correct(Model exact, Model quantized, RepresentativeDataset examples)
      throws IOException {
    List<String> layers =
        quantized.network().layers().stream()
            .filter(layer -> layer instanceof Conv2D || layer instanceof DepthwiseConv2D)
            .map(Layer::name)
            .filter(quantized.quantization()::integer)
            .filter(name -> quantized.weights().find(name + "/bias").isPresent())
            .toList();
    Quantization quantization = quantized.quantization();
    Map<String, Range> limits = new TreeMap<>();
    for (String layer : layers) {
      limits.put(layer, Range.of(quantization.tensor(layer), quantization.arithmetic()));
    }
    return new MomentCorrection(engines, cores, progress)
        .within(limits)
        .restore(exact, quantized, layers, MomentCorrection.Moments.MEAN, examples);
  }
}
