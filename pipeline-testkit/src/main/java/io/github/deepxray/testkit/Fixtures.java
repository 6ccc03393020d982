package io.github.deepxray.testkit;

import io.github.deepxray.core.format.ModelNotes;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Activation;
import io.github.deepxray.core.network.Layer.Add;
import io.github.deepxray.core.network.Layer.BatchNormalization;
import io.github.deepxray.core.network.Layer.Conv2D;
import io.github.deepxray.core.network.Layer.Dense;
import io.github.deepxray.core.network.Layer.DepthwiseConv2D;
import io.github.deepxray.core.network.Layer.Dropout;
import io.github.deepxray.core.network.Layer.Function;
import io.github.deepxray.core.network.Layer.GlobalAveragePooling2D;
import io.github.deepxray.core.network.Layer.Multiply;
import io.github.deepxray.core.network.Layer.Normalization;
import io.github.deepxray.core.network.Layer.Padding;
import io.github.deepxray.core.network.Layer.Rescaling;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.network.WeightSpec;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.keras.internal.EfficientNet;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Small networks, weights and inputs, equal in every run. */
public final class Fixtures {
  /** EfficientNet of ten blocks and 640 features, which trains and exports in seconds. */
  public static final EfficientNet SMALL_EFFICIENT_NET = new EfficientNet(0.5, 0.4, 64);

  private Fixtures() {}

  /**
   * Network with every kind of layer, structured like an EfficientNet with a head: images in,
   * {@code probability} out.
   *
   * @param size height and width of the input in pixels
   */
  public static Network smallNetwork(int size) {
    List<Layer> layers =
        List.of(
            new Rescaling("rescaling", "images", List.of(1 / 255.0), List.of(0.0)),
            new Normalization("normalization", "rescaling"),
            new Rescaling(
                "rescaling_1", "normalization", List.of(2.0, 2.1, 2.2), List.of(0.1, 0.0, -0.1)),
            new Conv2D("stem_conv", "rescaling_1", 8, 3, 2, Padding.SAME, false),
            new BatchNormalization("stem_bn", "stem_conv", 1e-3),
            new Activation("stem_activation", "stem_bn", Function.SWISH),
            new Conv2D("expand_conv", "stem_activation", 16, 1, 1, Padding.SAME, false),
            new BatchNormalization("expand_bn", "expand_conv", 1e-3),
            new Activation("expand_activation", "expand_bn", Function.SWISH),
            new DepthwiseConv2D("dwconv", "expand_activation", 5, 1, Padding.SAME, false),
            new BatchNormalization("bn", "dwconv", 1e-3),
            new Activation("activation", "bn", Function.SWISH),
            new GlobalAveragePooling2D("se_squeeze", "activation", true),
            new Conv2D("se_reduce", "se_squeeze", 2, 1, 1, Padding.SAME, true),
            new Activation("se_reduce_activation", "se_reduce", Function.SWISH),
            new Conv2D("se_expand", "se_reduce_activation", 16, 1, 1, Padding.SAME, true),
            new Activation("se_expand_activation", "se_expand", Function.SIGMOID),
            new Multiply("se_excite", "activation", "se_expand_activation"),
            new Conv2D("project_conv", "se_excite", 8, 1, 1, Padding.SAME, false),
            new BatchNormalization("project_bn", "project_conv", 1e-3),
            new Dropout("drop", "project_bn", 0.2),
            new Add("add", "drop", "stem_activation"),
            new DepthwiseConv2D("dwconv_2", "add", 3, 2, Padding.SAME, true),
            new Activation("relu", "dwconv_2", Function.RELU),
            new Conv2D("top_conv", "relu", 32, 1, 1, Padding.VALID, true),
            new Activation("top_activation", "top_conv", Function.SWISH),
            new GlobalAveragePooling2D("avg_pool", "top_activation", false),
            new Normalization("standardize", "avg_pool"),
            new Dense("wide", "standardize", 1, true),
            new Dense("hidden", "standardize", 8, true),
            new Activation("hidden_activation", "hidden", Function.RELU),
            new Dropout("hidden_drop", "hidden_activation", 0.5),
            new Dense("deep", "hidden_drop", 1, false),
            new Add("logit", "wide", "deep"),
            new Activation("probability", "logit", Function.SIGMOID));
    return new Network("small", "images", List.of(size, size, 3), layers, List.of("probability"));
  }

  /**
   * Adds an input guard to a classifier: a second output {@code unfamiliarity}, computed with
   * random weights from the pooled features.
   *
   * @param classifier {@link #smallNetwork} or an EfficientNet with a head
   */
  public static Model guarded(Model classifier, long seed) {
    Network network = classifier.network();
    List<Layer> layers = new ArrayList<>(network.layers());
    layers.add(new Normalization("guard_standardize", "avg_pool"));
    layers.add(new Dense("guard_logit", "guard_standardize", 1, true));
    layers.add(new Activation(ModelNotes.UNFAMILIARITY, "guard_logit", Function.SIGMOID));
    List<String> outputs = new ArrayList<>(network.outputs());
    outputs.add(ModelNotes.UNFAMILIARITY);
    Model random =
        withRandomWeights(
            new Network(network.name(), network.input(), network.inputShape(), layers, outputs),
            seed);
    Weights.Builder weights = Weights.builder();
    random
        .weights()
        .asMap()
        .forEach(
            (name, tensor) -> weights.put(name, classifier.weights().find(name).orElse(tensor)));
    return new Model(random.network(), weights.build());
  }

  /** Adds random weights that keep activations near one. */
  public static Model withRandomWeights(Network network, long seed) {
    Weights.Builder weights = Weights.builder();
    for (WeightSpec spec : network.weightSpecs()) {
      SplittableRandom random = new SplittableRandom(seed ^ spec.name().hashCode());
      float[] values = new float[spec.size()];
      String variable = spec.name().substring(spec.name().indexOf('/') + 1);
      int fanOut = spec.shape().get(spec.shape().size() - 1);
      int fanIn =
          variable.equals("depthwise_kernel")
              ? spec.shape().get(0) * spec.shape().get(1)
              : Math.max(1, spec.size() / fanOut);
      for (int i = 0; i < values.length; i++) {
        double noise = random.nextDouble() * 2 - 1;
        values[i] =
            (float)
                switch (variable) {
                  case "kernel", "depthwise_kernel" -> noise * Math.sqrt(3.0 / fanIn);
                  case "gamma", "variance", "moving_variance" -> 1 + 0.5 * noise;
                  default -> 0.3 * noise;
                };
      }
      weights.put(spec.name(), FloatTensor.of(values, spec.shape()));
    }
    return new Model(network, weights.build());
  }

  /** Values between 0 and 255 for examples of the network's input. */
  public static float[] randomImages(Network network, int count, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[network.size(network.input()) * count];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextInt(256);
    }
    return values;
  }
}
