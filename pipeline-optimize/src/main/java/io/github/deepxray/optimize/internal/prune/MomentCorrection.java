package io.github.deepxray.optimize.internal.prune;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.BatchNormalization;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.optimize.internal.Kernels;
import io.github.deepxray.optimize.internal.Range;
import io.github.deepxray.optimize.internal.RepresentativeDataset;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Restores the statistics of the outputs of changed layers: without training, much of the damage of
 * pruning is a drift of channel means from layer to layer (the bias correction of Nagel et al.
 * 2019, "Data-Free Quantization Through Weight Equalization and Bias Correction", for pruning).
 *
 * <p>Layers are corrected in order, each after all layers before it, so that on the given examples
 * the means equal those of the original up to rounding. The correction is added to the layer's bias
 * or, without a bias, to the batch normalization that is its only reader.
 */
public final class MomentCorrection {
  /** Statistics to correct. */
  public enum Moments {
    /** None. */
    NONE,
    /** Mean of each channel. */
    MEAN,
    /**
     * Mean and standard deviation of each channel, the latter by a factor of at most {@value
     * #MAX_FACTOR} or its inverse.
     */
    MEAN_AND_VARIANCE
  }

  private static final int MAX_FACTOR = 4;

  private final EngineFactory engines;
  private final int cores;
  private final Progress progress;
  private final Map<String, Range> limits;

  /**
   * Creates a correction.
   *
   * @param engines the engine that runs the models
   * @param cores the number of processor cores; results do not depend on it
   * @param progress notified of every example of each pass; there is one more pass than layers to
   *     correct
   */
  public MomentCorrection(EngineFactory engines, int cores, Progress progress) {
    this(engines, cores, progress, Map.of());
  }

  private MomentCorrection(
      EngineFactory engines, int cores, Progress progress, Map<String, Range> limits) {
    this.engines = engines;
    this.cores = cores;
    this.progress = progress;
    this.limits = limits;
  }

  /**
   * Returns a copy for a changed model with clipped outputs.
   *
   * @param limits the range of the outputs by the layer's name. The original's outputs are clipped
   *     to it first, so that clipping on one side does not shift the other values
   */
  public MomentCorrection within(Map<String, Range> limits) {
    return new MomentCorrection(engines, cores, progress, limits);
  }

  /**
   * Corrects a model.
   *
   * @param original the model before the change
   * @param changed a model with the same layers, some with other weights; output shapes are equal
   * @param layers the convolutions and dense layers to correct, in the order of the network
   * @param moments the statistics to correct
   * @param examples the examples whose statistics are restored
   * @throws DeepXrayException if a layer has neither bias nor batch normalization
   * @throws IOException if an example cannot be read
   */
  public Model restore(
      Model original,
      Model changed,
      List<String> layers,
      Moments moments,
      RepresentativeDataset examples)
      throws IOException {
    if (moments == Moments.NONE || layers.isEmpty()) {
      return changed;
    }
    Map<String, ChannelStatistics> wanted =
        ChannelStatistics.collect(engines, cores, original, layers, limits, examples, progress);
    Model corrected = changed;
    for (String layer : layers) {
      ChannelStatistics is =
          ChannelStatistics.collect(engines, cores, corrected, List.of(layer), examples, progress)
              .get(layer);
      corrected = correct(corrected, layer, wanted.get(layer), is, moments);
    }
    return corrected;
  }

  private static Model correct(
      Model model, String layer, ChannelStatistics wanted, ChannelStatistics is, Moments moments) {
    double[] factor = new double[wanted.means().size()];
    double[] offset = new double[factor.length];
    for (int c = 0; c < factor.length; c++) {
      double ratio = Math.sqrt(wanted.variance(c) / is.variance(c));
      boolean scale = moments == Moments.MEAN_AND_VARIANCE && ratio > 0 && Double.isFinite(ratio);
      factor[c] = scale ? Math.min(MAX_FACTOR, Math.max(1.0 / MAX_FACTOR, ratio)) : 1;
      offset[c] = wanted.means().get(c) - factor[c] * is.means().get(c);
    }
    return affine(model, layer, factor, offset);
  }

  /**
   * Replaces a layer's output by {@code factor * output + offset} per channel: in the layer itself
   * if it has a bias, else in the batch normalization after it.
   *
   * @throws DeepXrayException if the layer has neither
   */
  static Model affine(Model model, String name, double[] factor, double[] offset) {
    Network network = model.network();
    Layer layer = network.layer(name);
    Weights.Builder changed = Weights.builder();
    if (model.weights().find(name + "/bias").isPresent()) {
      // A kernel that is already quantized can still get another bias.
      if (Arrays.stream(factor).anyMatch(f -> f != 1)) {
        FloatTensor kernel = Kernels.floats(model.weights(), layer);
        float[] values = kernel.toFloats();
        for (int i = 0; i < values.length; i++) {
          values[i] = (float) (values[i] * factor[i % factor.length]);
        }
        changed.put(Kernels.name(layer), FloatTensor.of(values, kernel.shape()));
      }
      float[] bias = model.weights().floats(name + "/bias");
      for (int c = 0; c < bias.length; c++) {
        bias[c] = (float) (factor[c] * bias[c] + offset[c]);
      }
      changed.put(name + "/bias", FloatTensor.of(bias, bias.length));
    } else {
      List<Layer> readers = network.readers(name);
      if (readers.size() != 1 || !(readers.get(0) instanceof BatchNormalization bn)) {
        throw new DeepXrayException(
            ("Layer %s of %s has neither a bias nor its own batch normalization to "
                    + "correct; fold the model first.")
                .formatted(name, network.name()));
      }
      // gamma * (f * x + o - mean) / sd = (gamma * f) * (x - (mean - o) / f) / sd
      float[] gamma = model.weights().floats(bn.name() + "/gamma");
      float[] mean = model.weights().floats(bn.name() + "/moving_mean");
      for (int c = 0; c < mean.length; c++) {
        gamma[c] = (float) (gamma[c] * factor[c]);
        mean[c] = (float) ((mean[c] - offset[c]) / factor[c]);
      }
      changed.put(bn.name() + "/gamma", FloatTensor.of(gamma, gamma.length));
      changed.put(bn.name() + "/moving_mean", FloatTensor.of(mean, mean.length));
    }
    return new Model(network, model.weights().plus(changed.build()), model.quantization());
  }
}
