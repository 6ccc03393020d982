package io.github.deepxray.optimize.internal.prune;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.backbone.ExpansionBlock;
import io.github.deepxray.core.internal.network.MultiplyAdds;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Add;
import io.github.deepxray.core.network.Layer.BatchNormalization;
import io.github.deepxray.core.network.Layer.Conv2D;
import io.github.deepxray.core.network.Layer.Dropout;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.optimize.prune.ChannelPruningSpec.Cost;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Expansion block of a network.
 *
 * @param layers the names of its layers
 * @param channels the number of expanded channels
 * @param costPerChannel the cost of each expanded channel
 */
record Expansion(ExpansionBlock layers, int channels, long costPerChannel) {
  private static final List<String> BN_WEIGHTS =
      List.of("/gamma", "/beta", "/moving_mean", "/moving_variance");

  /** Returns the expansion blocks of a network, folded or not, in order. */
  static List<Expansion> of(Network network, List<ExpansionBlock> blocks, Cost cost) {
    List<Expansion> found = new ArrayList<>();
    for (ExpansionBlock block : blocks) {
      if (network.tensors().contains(block.expand())
          && network.layer(block.expand()) instanceof Conv2D conv) {
        long multiplyAdds =
            convolutions(block)
                .mapToLong(l -> MultiplyAdds.of(network, layer(network, block, l)))
                .sum();
        // The projection and the squeeze write as many values as before.
        long values = (long) network.size(block.expand()) + network.size(block.depthwise());
        long all = cost.of(multiplyAdds, values);
        found.add(new Expansion(block, conv.filters(), all / conv.filters()));
      }
    }
    return found;
  }

  private static Layer layer(Network network, ExpansionBlock block, String layer) {
    if (!network.tensors().contains(layer)) {
      throw new DeepXrayException(
          ("Block %s has an expansion but no layer %s; only inverted residual blocks with "
                  + "squeeze-and-excitation can be narrowed.")
              .formatted(block.name(), layer));
    }
    return network.layer(layer);
  }

  private static Stream<String> convolutions(ExpansionBlock block) {
    return Stream.of(
        block.expand(), block.depthwise(), block.reduce(), block.excite(), block.project());
  }

  /** Name of the block. */
  String name() {
    return layers.name();
  }

  /** Dimension of the expanded channels in each weight that has one. */
  Map<String, Integer> channelAxes(Network network) {
    Map<String, Integer> axes = new LinkedHashMap<>();
    axes.put(layers.expand() + "/kernel", 3);
    axes.put(layers.expand() + "/bias", 0);
    axes.put(layers.depthwise() + "/depthwise_kernel", 2);
    axes.put(layers.depthwise() + "/bias", 0);
    axes.put(layers.reduce() + "/kernel", 2);
    axes.put(layers.excite() + "/kernel", 3);
    axes.put(layers.excite() + "/bias", 0);
    axes.put(layers.project() + "/kernel", 2);
    layers.normalizations().stream()
        .filter(network.tensors()::contains)
        .flatMap(bn -> BN_WEIGHTS.stream().map(weight -> bn + weight))
        .forEach(weight -> axes.put(weight, 0));
    return axes;
  }

  /** Output tensor of the block: the projection with its normalization and bias. */
  String output(Network network) {
    String last = layers.project();
    while (true) {
      List<Layer> readers = network.readers(last);
      if (readers.size() != 1
          || !(readers.get(0) instanceof BatchNormalization
              || readers.get(0) instanceof Dropout
              || readers.get(0) instanceof Add)) {
        return last;
      }
      last = readers.get(0).name();
      if (readers.get(0) instanceof Add) {
        return last;
      }
    }
  }
}
