package io.github.deepxray.optimize.prune;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.optimize.Kernels;
import io.github.deepxray.optimize.prune.Centering.Moments;
import io.github.deepxray.optimize.prune.PruningSchedule.ConstantSparsity;
import io.github.deepxray.optimize.quantize.RepresentativeDataset;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Prunes at once, for those who cannot fine-tune: weights are ranked by what they contribute to
 * their output on examples, then the outputs get back the means they had.
 *
 * <p>A weight's score is its magnitude times the root mean square of its input channel (Sun et al.
 * 2023, "A Simple and Effective Pruning Approach for Large Language Models", Wanda), divided by the
 * root of the sum of the squares of these products over its output. So scores say which share of an
 * output's strength a weight carries, and those of different outputs and layers are comparable.
 */
public final class OneShotPruning {
  private final PruningSpec spec;
  private final Moments moments;
  private final EngineFactory engines;
  private final int cores;
  private final Progress progress;

  /**
   * A pruned model.
   *
   * @param model the model, of the same network
   * @param masks which weights are zero
   */
  public record Result(Model model, Masks masks) {}

  /**
   * Prepares to prune.
   *
   * @param spec what to prune; its timing plays no part
   * @param moments which statistics of the pruned layers' outputs are restored
   * @param engines what runs the model on the examples
   * @param cores how many processor cores to use; results do not depend on it
   * @param progress told of every example of each pass
   */
  public OneShotPruning(
      PruningSpec spec, Moments moments, EngineFactory engines, int cores, Progress progress) {
    this.spec = spec;
    this.moments = moments;
    this.engines = engines;
    this.cores = cores;
    this.progress = progress;
  }

  /**
   * Prunes.
   *
   * @param model in floats, folded or not; folding first makes it faster
   * @param examples what the model will see, from the training split
   * @throws DeepXrayException if fewer weights may be pruned than should be, or a layer has neither
   *     a bias nor a batch normalization for the correction
   * @throws IOException if an example cannot be read
   */
  public Result prune(Model model, RepresentativeDataset examples) throws IOException {
    Network network = model.network();
    Pruner pruner = new Pruner(spec, new ConstantSparsity(spec.sparsity(), 0), network);
    List<Layer> layers = spec.prunable(network);
    List<String> inputs = layers.stream().map(layer -> layer.inputs().get(0)).toList();
    Map<String, ChannelStatistics> statistics =
        ChannelStatistics.collect(engines, cores, model, inputs, examples, progress);
    List<Selection.Candidate> candidates = new ArrayList<>();
    for (Layer layer : layers) {
      FloatTensor kernel = Kernels.floats(model.weights(), layer);
      ChannelStatistics input = statistics.get(layer.inputs().get(0));
      candidates.add(
          new Selection.Candidate(
              Kernels.name(layer), kernel.shape(), scores(layer, kernel, input)));
    }
    Masks masks = pruner.choose(candidates, spec.sparsity(), false);
    Model corrected =
        new Centering(engines, cores, progress)
            .restore(
                model,
                masks.apply(model),
                layers.stream().map(Layer::name).toList(),
                moments,
                examples);
    return new Result(corrected, masks);
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
