package io.github.deepxray.optimize.internal.prune;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.optimize.internal.Kernels;
import io.github.deepxray.optimize.internal.RepresentativeDataset;
import io.github.deepxray.optimize.internal.prune.MomentCorrection.Moments;
import io.github.deepxray.optimize.prune.PruningSpec;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * One-shot pruning without fine-tuning: weights are ranked by their contribution to the output on
 * examples, then the remaining weights are adjusted to compensate.
 *
 * <p>A weight's score is its magnitude times the root mean square of its input channel (Sun et al.
 * 2023, "A Simple and Effective Pruning Approach for Large Language Models", Wanda), divided by the
 * root of the sum of the squares of these products over its output. The score is the weight's share
 * of the output's magnitude, comparable between outputs and layers.
 *
 * @param spec the options; the timing is ignored
 * @param compensation the compensation for removed weights
 * @param engines the engine that runs the model on the examples
 * @param cores the number of processor cores; results do not depend on it
 * @param progress notified of every example of each pass
 */
public record OneShotPruning(
    PruningSpec spec,
    Compensation compensation,
    EngineFactory engines,
    int cores,
    Progress progress) {
  /** Compensation for removed weights. */
  public enum Compensation {
    /** None. */
    NONE,
    /** Restores the mean of each output, see {@link MomentCorrection}. */
    MEAN,
    /**
     * Restores the mean and the standard deviation of each output, see {@link MomentCorrection}.
     */
    MEAN_AND_VARIANCE,
    /**
     * Fits the remaining weights of 1x1 convolutions and dense layers, layer by layer, to the
     * original outputs, by least squares on the examples (the reconstruction step of Frantar and
     * Alistarh 2022, "Optimal Brain Compression", in closed form). Other layers are first treated
     * as with {@link #MEAN_AND_VARIANCE}.
     */
    LEAST_SQUARES
  }

  /**
   * Result of one-shot pruning.
   *
   * @param model the pruned model, with the same network
   * @param masks the masks of its zeros
   */
  public record Result(Model model, Masks masks) {}

  /**
   * Prunes a model.
   *
   * @param model in floats, folded or not; folding first makes it faster
   * @param examples representative examples from the training split
   * @throws DeepXrayException if too few weights may be pruned, or a layer has neither a bias nor a
   *     batch normalization for the correction
   * @throws IOException if an example cannot be read
   */
  public Result prune(Model model, RepresentativeDataset examples) throws IOException {
    Network network = model.network();
    Pruner pruner = Pruner.atOnce(spec, network);
    List<Layer> layers = spec.prunable(network);
    List<String> inputs = layers.stream().map(layer -> layer.inputs().get(0)).toList();
    Map<String, ChannelStatistics> statistics =
        ChannelStatistics.collect(engines, cores, model, inputs, examples, progress);
    List<PruningUnitSelector.ScoredKernel> candidates = new ArrayList<>();
    for (Layer layer : layers) {
      FloatTensor kernel = Kernels.floats(model.weights(), layer);
      ChannelStatistics input = statistics.get(layer.inputs().get(0));
      candidates.add(
          new PruningUnitSelector.ScoredKernel(
              Kernels.name(layer), kernel.shape(), scores(layer, kernel, input)));
    }
    Masks masks = pruner.choose(candidates, spec.sparsity(), false);
    return new Result(compensate(model, masks.apply(model), layers, masks, examples), masks);
  }

  private Model compensate(
      Model original, Model pruned, List<Layer> layers, Masks masks, RepresentativeDataset examples)
      throws IOException {
    boolean fit = compensation == Compensation.LEAST_SQUARES;
    List<String> fitted =
        layers.stream().filter(layer -> fit && fits(layer)).map(Layer::name).toList();
    List<String> centered =
        layers.stream().map(Layer::name).filter(name -> !fitted.contains(name)).toList();
    Moments moments =
        switch (compensation) {
          case NONE -> Moments.NONE;
          case MEAN -> Moments.MEAN;
          case MEAN_AND_VARIANCE, LEAST_SQUARES -> Moments.MEAN_AND_VARIANCE;
        };
    Model corrected =
        new MomentCorrection(engines, cores, progress)
            .restore(original, pruned, centered, moments, examples);
    return new LeastSquaresFit(engines, cores, progress)
        .fit(original, corrected, fitted, masks, examples);
  }

  private static boolean fits(Layer layer) {
    return layer instanceof Layer.Dense
        || (layer instanceof Layer.Conv2D conv && conv.kernelSize() == 1 && conv.stride() == 1);
  }

  private static FloatTensor scores(Layer layer, FloatTensor kernel, ChannelStatistics input) {
    int inputs = input.means().size();
    boolean depthwise = layer instanceof Layer.DepthwiseConv2D;
    int outputs = depthwise ? inputs : kernel.shape().get(kernel.shape().size() - 1);
    double[] strength = new double[outputs];
    double[] products = new double[kernel.size()];
    for (int i = 0; i < products.length; i++) {
      int in = depthwise ? i % inputs : i / outputs % inputs;
      products[i] = Math.abs(kernel.at(i)) * input.rms(in);
      strength[i % outputs] += products[i] * products[i];
    }
    float[] scores = new float[products.length];
    for (int i = 0; i < scores.length; i++) {
      double whole = Math.sqrt(strength[i % outputs]);
      scores[i] = whole == 0 ? 0 : (float) (products[i] / whole);
    }
    return FloatTensor.of(scores, kernel.shape());
  }
}
