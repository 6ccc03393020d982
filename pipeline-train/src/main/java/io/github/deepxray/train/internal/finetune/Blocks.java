package io.github.deepxray.train.internal.finetune;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.backbone.Backbone;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.train.recipe.FineTuningRecipe;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Blocks of a classifier for fine-tuning: {@code stem}, the blocks of the backbone ({@code block1a}
 * and so on), {@code top}, its last convolution, and {@code head}, all layers after the feature
 * vector.
 */
public final class Blocks {
  /** The whole network. */
  public static final String ALL = "all";

  /** The last convolution of the backbone. */
  public static final String TOP = "top";

  /** All layers after the feature vector. */
  public static final String HEAD = "head";

  private static final String STEM = "stem";

  private Blocks() {}

  /** Returns the blocks from which fine-tuning can start, in network order. */
  public static List<String> names(Backbone backbone, Network network) {
    Set<String> names = new LinkedHashSet<>();
    names.add(ALL);
    for (Layer layer : network.layers()) {
      backbone.block(layer.name()).ifPresent(names::add);
    }
    return List.copyOf(names);
  }

  /**
   * Returns the input tensor of a block; layers before it are frozen.
   *
   * @param backbone architecture of the classifier's backbone
   * @param network a classifier
   * @param from {@value #ALL}, a block such as {@code block6a} or {@value #TOP}
   * @throws DeepXrayException if there is no such block; the message lists the blocks
   */
  public static String cut(Backbone backbone, Network network, String from) {
    if (from.equals(ALL)) {
      return network.input();
    }
    for (Layer layer : network.layers()) {
      if (backbone.block(layer.name()).equals(Optional.of(from))) {
        return layer.inputs().get(0);
      }
    }
    throw new DeepXrayException(
        "There is no block %s to fine-tune from; choose one of %s."
            .formatted(from, String.join(", ", names(backbone, network))));
  }

  /** Returns the block of each layer, in the order of the layers. */
  static Map<String, String> byLayer(Backbone backbone, Network network) {
    Map<String, String> blocks = new LinkedHashMap<>();
    String current = STEM;
    for (Layer layer : network.layers()) {
      current = backbone.block(layer.name()).orElse(current);
      blocks.put(layer.name(), current);
      if (layer.name().equals(backbone.features())) {
        current = HEAD;
      }
    }
    return blocks;
  }

  /**
   * Returns the learning rate factor of each block.
   *
   * @param backbone architecture of the classifier's backbone
   * @param network trained part of the classifier
   * @throws DeepXrayException if the recipe names a block that is not trained
   */
  static Map<String, Double> learningRates(
      Backbone backbone, Network network, FineTuningRecipe spec) {
    List<String> parts = new ArrayList<>(new LinkedHashSet<>(byLayer(backbone, network).values()));
    Map<String, Double> rates = new LinkedHashMap<>();
    double rate = 1;
    for (int i = parts.size() - 1; i >= 0; i--) {
      if (parts.get(i).equals(HEAD)) {
        rates.put(HEAD, spec.headLearningRate());
      } else {
        rates.put(parts.get(i), rate);
        rate *= spec.layerDecay();
      }
    }
    spec.learningRates()
        .forEach(
            (part, factor) -> {
              if (rates.replace(part, factor) == null) {
                throw new DeepXrayException(
                    "Fine-tuning: learningRates names %s, which is not trained; choose among %s."
                        .formatted(part, String.join(", ", parts)));
              }
            });
    return rates;
  }

  /**
   * Returns the learning rate factor of each weight; weights with factor 0 are frozen.
   *
   * @param backbone architecture of the classifier's backbone
   * @param network trained part of the classifier
   * @throws DeepXrayException if the recipe names a block that is not trained
   */
  static Map<String, Double> weightRates(
      Backbone backbone, Network network, FineTuningRecipe spec) {
    Map<String, Double> byBlock = learningRates(backbone, network, spec);
    Map<String, String> blocks = byLayer(backbone, network);
    Map<String, Double> rates = new HashMap<>();
    network
        .weightSpecs()
        .forEach(
            weight -> {
              String layer = weight.name().substring(0, weight.name().lastIndexOf('/'));
              rates.put(weight.name(), byBlock.get(blocks.get(layer)));
            });
    return rates;
  }
}
