package io.github.deepxray.optimize.prune;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Add;
import io.github.deepxray.core.network.Layer.BatchNormalization;
import io.github.deepxray.core.network.Layer.Conv2D;
import io.github.deepxray.core.network.Layer.Dropout;
import io.github.deepxray.core.network.MultiplyAdds;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.optimize.prune.ChannelPruningSpec.Cost;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * An inverted residual block with expansion, by the layer names of {@code keras.applications}: 1x1
 * expansion, depthwise convolution, squeeze-and-excitation and 1x1 projection.
 *
 * @param name what the names of its layers begin with, such as {@code block6b}
 * @param channels the number of expanded channels
 * @param costPerChannel what each expanded channel costs
 */
record ExpansionBlock(String name, int channels, long costPerChannel) {
  private static final String EXPAND = "_expand_conv";

  /** The blocks of a network, folded or not, in their order. */
  static List<ExpansionBlock> of(Network network, Cost cost) {
    List<ExpansionBlock> blocks = new ArrayList<>();
    for (Layer layer : network.layers()) {
      if (layer.name().endsWith(EXPAND) && layer instanceof Conv2D conv) {
        String name = conv.name().substring(0, conv.name().length() - EXPAND.length());
        ExpansionBlock block = new ExpansionBlock(name, conv.filters(), 0);
        long multiplyAdds =
            block
                .convolutions()
                .mapToLong(l -> MultiplyAdds.of(network, block.layer(network, l)))
                .sum();
        // The projection and the squeeze write as many values as before.
        long values = (long) network.size(block.expand()) + network.size(block.depthwise());
        long all = cost.of(multiplyAdds, values);
        blocks.add(new ExpansionBlock(name, conv.filters(), all / conv.filters()));
      }
    }
    return blocks;
  }

  private Layer layer(Network network, String layer) {
    if (!network.tensors().contains(layer)) {
      throw new DeepXrayException(
          "Block "
              + name
              + " has an expansion but no layer "
              + layer
              + "; only EfficientNet's blocks can be narrowed.");
    }
    return network.layer(layer);
  }

  private Stream<String> convolutions() {
    return Stream.of(expand(), depthwise(), reduce(), excite(), project());
  }

  /** The 1x1 convolution that expands. */
  String expand() {
    return name + EXPAND;
  }

  /** The depthwise convolution. */
  String depthwise() {
    return name + "_dwconv";
  }

  /** The output of the depthwise part, before the gate. */
  String activation() {
    return name + "_activation";
  }

  /** The first convolution of squeeze-and-excitation. */
  String reduce() {
    return name + "_se_reduce";
  }

  /** The second convolution of squeeze-and-excitation. */
  String excite() {
    return name + "_se_expand";
  }

  /** What the projection reads: the gated channels. */
  String gated() {
    return name + "_se_excite";
  }

  /** The 1x1 convolution that projects. */
  String project() {
    return name + "_project_conv";
  }

  /** The batch normalizations of expanded channels that the network has. */
  List<String> normalizations(Network network) {
    return Stream.of(name + "_expand_bn", name + "_bn")
        .filter(network.tensors()::contains)
        .toList();
  }

  /** The tensor that the next block reads: the projection after what belongs to it. */
  String output(Network network) {
    String last = project();
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
