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
import io.github.deepxray.optimize.internal.prune.Centering;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Gives the channels of an integer model the means they have in floats, by its biases (Nagel et al.
 * 2019, "Data-Free Quantization Through Weight Equalization and Bias Correction", with measured
 * means).
 *
 * <p>Rounding does not average out: a kernel's rounded weights have another sum, and swish bends
 * what it gets. What one layer moves, all after it see. So convolutions are corrected in their
 * order, each on what the corrected layers before it compute in integers. Means are those of values
 * within the range that the layer's integers have: what is clipped on one side, on purpose in front
 * of a swish (see {@link SwishInput}), must not move what is left. Files get no larger and no
 * slower by it.
 *
 * @param engines what runs both models; for integer models one that computes in integers
 * @param cores how many processor cores to use; results do not depend on it
 * @param progress told of every example of each pass; there is one more than convolutions
 */
public record BiasCorrection(EngineFactory engines, int cores, Progress progress) {
  /**
   * Corrects.
   *
   * @param exact the model in floats, folded, that was quantized
   * @param quantized what was made of it; its convolutions that compute in integers are corrected
   * @param examples images on which the means are to agree, from the training split
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
    return new Centering(engines, cores, progress)
        .within(limits)
        .restore(exact, quantized, layers, Centering.Moments.MEAN, examples);
  }
}
