package io.github.deepxray.optimize.internal.prune;

import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Activation;
import io.github.deepxray.core.network.Layer.Add;
import io.github.deepxray.core.network.Layer.BatchNormalization;
import io.github.deepxray.core.network.Layer.Conv2D;
import io.github.deepxray.core.network.Layer.DepthwiseConv2D;
import io.github.deepxray.core.network.Layer.Function;
import io.github.deepxray.core.network.Layer.GlobalAveragePooling2D;
import io.github.deepxray.core.network.Layer.Multiply;
import io.github.deepxray.core.network.Layer.Padding;
import io.github.deepxray.core.network.Layer.Rescaling;
import io.github.deepxray.core.network.Network;
import java.util.ArrayList;
import java.util.List;

/** Two blocks of an EfficientNet with a stem and a top, small enough for the textbook. */
final class SmallEfficientNet {
  static final int CHANNELS = 24;

  private SmallEfficientNet() {}

  static Network network() {
    List<Layer> layers = new ArrayList<>();
    layers.add(new Rescaling("rescaling", "images", List.of(1 / 128.0), List.of(-1.0)));
    layers.add(new Conv2D("stem_conv", "rescaling", 4, 3, 2, Padding.SAME, false));
    layers.add(new BatchNormalization("stem_bn", "stem_conv", 1e-3));
    layers.add(new Activation("stem_activation", "stem_bn", Function.SWISH));
    block(layers, "block4a_", "stem_activation", 2, 3, false);
    block(layers, "block4b_", "block4a_project_bn", 1, 5, true);
    layers.add(new Conv2D("top_conv", "block4b_add", 16, 1, 1, Padding.SAME, false));
    layers.add(new BatchNormalization("top_bn", "top_conv", 1e-3));
    layers.add(new Activation("top_activation", "top_bn", Function.SWISH));
    layers.add(new GlobalAveragePooling2D("avg_pool", "top_activation", false));
    return new Network("small", "images", List.of(12, 12, 3), layers, List.of("avg_pool"));
  }

  private static void block(
      List<Layer> layers, String prefix, String input, int stride, int kernel, boolean residual) {
    layers.add(new Conv2D(prefix + "expand_conv", input, CHANNELS, 1, 1, Padding.SAME, false));
    layers.add(new BatchNormalization(prefix + "expand_bn", prefix + "expand_conv", 1e-3));
    layers.add(new Activation(prefix + "expand_activation", prefix + "expand_bn", Function.SWISH));
    layers.add(
        new DepthwiseConv2D(
            prefix + "dwconv", prefix + "expand_activation", kernel, stride, Padding.SAME, false));
    layers.add(new BatchNormalization(prefix + "bn", prefix + "dwconv", 1e-3));
    layers.add(new Activation(prefix + "activation", prefix + "bn", Function.SWISH));
    layers.add(new GlobalAveragePooling2D(prefix + "se_squeeze", prefix + "activation", true));
    layers.add(
        new Conv2D(prefix + "se_reduce", prefix + "se_squeeze", 2, 1, 1, Padding.SAME, true));
    layers.add(
        new Activation(prefix + "se_reduce_activation", prefix + "se_reduce", Function.SWISH));
    layers.add(
        new Conv2D(
            prefix + "se_expand",
            prefix + "se_reduce_activation",
            CHANNELS,
            1,
            1,
            Padding.SAME,
            true));
    layers.add(
        new Activation(prefix + "se_expand_activation", prefix + "se_expand", Function.SIGMOID));
    layers.add(
        new Multiply(prefix + "se_excite", prefix + "activation", prefix + "se_expand_activation"));
    layers.add(
        new Conv2D(prefix + "project_conv", prefix + "se_excite", 8, 1, 1, Padding.SAME, false));
    layers.add(new BatchNormalization(prefix + "project_bn", prefix + "project_conv", 1e-3));
    if (residual) {
      layers.add(new Add(prefix + "add", prefix + "project_bn", input));
    }
  }
}
