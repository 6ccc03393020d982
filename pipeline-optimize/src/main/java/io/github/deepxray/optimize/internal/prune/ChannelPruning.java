package io.github.deepxray.optimize.internal.prune;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.backbone.ExpansionBlock;
import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.BatchNormalization;
import io.github.deepxray.core.network.Layer.Conv2D;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Tensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.optimize.internal.RepresentativeDataset;
import io.github.deepxray.optimize.prune.ChannelPruningSpec;
import io.github.deepxray.optimize.prune.ChannelPruningSpec.Compensation;
import io.github.deepxray.optimize.prune.ChannelPruningSpec.Cost;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Removes expanded channels from {@linkplain ExpansionBlock expansion blocks}: the expansion, the
 * depthwise convolution, squeeze-and-excitation and the input of the projection are narrowed
 * together. Unlike single zeros this makes the network faster on all engines.
 *
 * <p>The damage of removing a channel is its contribution to the variance of the block's output:
 * the variance (without compensation, the mean square) of its gated output over positions and
 * examples times the sum of the squares of its projection weights, batch normalization's scale
 * included.
 *
 * <p>Models may be folded or not. {@link io.github.deepxray.core.backbone.Backbone#network(int,
 * Map)} builds the network of an unfolded result from its widths.
 *
 * @param spec the options
 * @param engines the engine that runs models on the examples
 * @param cores the number of processor cores; results do not depend on it
 * @param progress notified of every example of each pass
 */
public record ChannelPruning(
    ChannelPruningSpec spec, EngineFactory engines, int cores, Progress progress) {
  /**
   * Result of channel pruning.
   *
   * @param model the narrowed model
   * @param kept the indices of the remaining channels, in ascending order, of each narrowed block
   */
  public record Result(Model model, Map<String, List<Integer>> kept) {
    /** Copies the map, sorted by block. */
    public Result {
      kept = Collections.unmodifiableMap(new TreeMap<>(kept));
    }

    /** Number of remaining channels of each narrowed block. */
    public Map<String, Integer> widths() {
      Map<String, Integer> widths = new TreeMap<>();
      kept.forEach((block, channels) -> widths.put(block, channels.size()));
      return widths;
    }
  }

  /**
   * Checks whether a network can be narrowed by a specification, as far as possible without its
   * weights.
   *
   * @param expansions the blocks that may be narrowed
   * @throws DeepXrayException if there is no such block, or the cost cannot be reduced enough
   */
  public static void check(
      ChannelPruningSpec spec, Network network, List<ExpansionBlock> expansions) {
    Map<String, double[]> none = new LinkedHashMap<>();
    for (Expansion block : Expansion.of(network, expansions, spec.cost())) {
      none.put(block.name(), new double[block.channels()]);
    }
    // The smallest widths of blocks do not depend on the channels' importance.
    new ChannelWidths(spec, network, expansions).choose(none);
  }

  /**
   * Removes channels of a model.
   *
   * @param model a backbone in floats, folded or not, with or without a head
   * @param expansions the blocks that may be narrowed
   * @param examples representative examples from the training split
   * @throws DeepXrayException if there is no such block, or the cost cannot be reduced enough
   * @throws IOException if an example cannot be read
   */
  public Result prune(Model model, List<ExpansionBlock> expansions, RepresentativeDataset examples)
      throws IOException {
    Network network = model.network();
    ChannelWidths search = new ChannelWidths(spec, network, expansions);
    List<Expansion> blocks = Expansion.of(network, expansions, spec.cost());
    List<String> tensors =
        blocks.stream()
            .flatMap(b -> Stream.of(b.layers().activation(), b.layers().gated(), b.output(network)))
            .toList();
    Map<String, ChannelStatistics> statistics =
        ChannelStatistics.collect(engines, cores, model, tensors, examples, progress);
    Map<String, double[]> damage = new LinkedHashMap<>();
    for (Expansion block : blocks) {
      damage.put(block.name(), damage(model, block, statistics));
    }
    Map<String, List<Integer>> kept = kept(blocks, damage, search.choose(damage));
    Model narrowed = keep(model, expansions, kept);
    List<String> projections = new ArrayList<>();
    for (Expansion block : blocks) {
      if (kept.containsKey(block.name()) && spec.compensation() != Compensation.NONE) {
        projections.add(block.layers().project());
        List<Integer> removed = others(kept.get(block.name()), block.channels());
        List<Double> means = statistics.get(block.layers().activation()).means();
        narrowed = addConstant(model, narrowed, block.layers().reduce(), removed, means);
        if (spec.compensation() == Compensation.MEAN) {
          means = statistics.get(block.layers().gated()).means();
          narrowed = addConstant(model, narrowed, block.layers().project(), removed, means);
        }
      }
    }
    if (spec.compensation() == Compensation.LEAST_SQUARES) {
      narrowed =
          new LeastSquaresFit(engines, cores, progress).fit(model, narrowed, projections, examples);
    }
    return new Result(narrowed, kept);
  }

  private static Map<String, List<Integer>> kept(
      List<Expansion> blocks, Map<String, double[]> damage, Map<String, Integer> widths) {
    Map<String, List<Integer>> kept = new TreeMap<>();
    for (Expansion block : blocks) {
      int width = widths.get(block.name());
      if (width < block.channels()) {
        kept.put(block.name(), largest(damage.get(block.name()), width));
      }
    }
    return kept;
  }

  /**
   * Removes all but some of the expanded channels of some blocks, without compensation.
   *
   * @param model in floats
   * @param expansions the blocks that may be narrowed
   * @param kept by block, the channels to keep, in ascending order
   * @throws DeepXrayException if there is no such block
   */
  public static Model keep(
      Model model, List<ExpansionBlock> expansions, Map<String, List<Integer>> kept) {
    Network network = model.network();
    Map<String, Expansion> blocks = new LinkedHashMap<>();
    Expansion.of(network, expansions, Cost.MULTIPLY_ADDS)
        .forEach(block -> blocks.put(block.name(), block));
    Map<String, Integer> filters = new LinkedHashMap<>();
    Weights.Builder weights = Weights.builder();
    kept.forEach(
        (name, channels) -> {
          Expansion block = blocks.get(name);
          if (block == null) {
            throw new DeepXrayException(
                "Channel pruning: " + network.name() + " has no block " + name + " to narrow.");
          }
          filters.put(block.layers().expand(), channels.size());
          filters.put(block.layers().excite(), channels.size());
          block
              .channelAxes(network)
              .forEach((weight, axis) -> slice(model, weight, axis, channels, weights));
        });
    List<Layer> layers =
        network.layers().stream()
            .map(layer -> narrowed(layer, filters.getOrDefault(layer.name(), 0)))
            .toList();
    return new Model(
        new Network(
            network.name(), network.input(), network.inputShape(), layers, network.outputs()),
        model.weights().plus(weights.build()),
        model.quantization());
  }

  private static Layer narrowed(Layer layer, int filters) {
    return filters > 0 && layer instanceof Conv2D c
        ? new Conv2D(
            c.name(), c.input(), filters, c.kernelSize(), c.stride(), c.padding(), c.useBias())
        : layer;
  }

  private static void slice(
      Model model, String name, int axis, List<Integer> channels, Weights.Builder into) {
    Tensor tensor = model.weights().find(name).orElse(null);
    if (tensor == null) {
      return;
    }
    if (!(tensor instanceof FloatTensor whole)) {
      throw new DeepXrayException(
          "Weight " + name + " is already quantized; narrow the model before quantizing it.");
    }
    List<Integer> shape = new ArrayList<>(whole.shape());
    int length = shape.set(axis, channels.size());
    int inner = 1;
    for (int d = axis + 1; d < shape.size(); d++) {
      inner *= shape.get(d);
    }
    int outer = whole.size() / length / inner;
    float[] values = new float[outer * channels.size() * inner];
    int position = 0;
    for (int o = 0; o < outer; o++) {
      for (int channel : channels) {
        for (int i = 0; i < inner; i++) {
          values[position++] = whole.at((o * length + channel) * inner + i);
        }
      }
    }
    into.put(name, FloatTensor.of(values, shape));
  }

  private double[] damage(Model model, Expansion block, Map<String, ChannelStatistics> statistics) {
    ChannelStatistics gated = statistics.get(block.layers().gated());
    ChannelStatistics output = statistics.get(block.output(model.network()));
    double variance = IntStream.range(0, output.means().size()).mapToDouble(output::variance).sum();
    float[] kernel = model.weights().floats(block.layers().project() + "/kernel");
    double[] scale = scale(model, block.layers().project(), kernel.length / block.channels());
    double[] damage = new double[block.channels()];
    for (int c = 0; c < damage.length; c++) {
      double squares = 0;
      for (int o = 0; o < scale.length; o++) {
        double weight = kernel[c * scale.length + o] * scale[o];
        squares += weight * weight;
      }
      double power =
          spec.compensation() == Compensation.NONE ? gated.meanSquares().get(c) : gated.variance(c);
      // A constant output gives no scale; its channels then count unscaled.
      damage[c] = power * squares / (variance > 0 ? variance : 1);
    }
    return damage;
  }

  /** Factors of batch normalization for each output of a layer. */
  private static double[] scale(Model model, String layer, int outputs) {
    double[] scale = new double[outputs];
    Arrays.fill(scale, 1);
    for (Layer reader : model.network().readers(layer)) {
      if (reader instanceof BatchNormalization bn) {
        float[] gamma = model.weights().floats(bn.name() + "/gamma");
        float[] variance = model.weights().floats(bn.name() + "/moving_variance");
        Arrays.setAll(scale, o -> gamma[o] / Math.sqrt(variance[o] + bn.epsilon()));
      }
    }
    return scale;
  }

  /** Indices of the largest values in ascending order; of equal ones the first. */
  private static List<Integer> largest(double[] values, int count) {
    return IntStream.range(0, values.length)
        .boxed()
        .sorted((a, b) -> values[a] == values[b] ? a - b : Double.compare(values[b], values[a]))
        .limit(count)
        .sorted()
        .toList();
  }

  private static List<Integer> others(List<Integer> kept, int channels) {
    return IntStream.range(0, channels)
        .filter(c -> Collections.binarySearch(kept, c) < 0)
        .boxed()
        .toList();
  }

  /** Adds the contribution of a layer's removed inputs, as constants, to the layer. */
  private static Model addConstant(
      Model original, Model narrowed, String layer, List<Integer> removed, List<Double> means) {
    float[] kernel = original.weights().floats(layer + "/kernel");
    int outputs = kernel.length / means.size();
    double[] factor = new double[outputs];
    Arrays.fill(factor, 1);
    double[] offset = new double[outputs];
    for (int c : removed) {
      for (int o = 0; o < outputs; o++) {
        offset[o] += means.get(c) * kernel[c * outputs + o];
      }
    }
    return MomentCorrection.affine(narrowed, layer, factor, offset);
  }
}
