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
 * The parts of a classifier that fine-tuning tells apart: {@code stem}, the blocks of the backbone
 * ({@code block1a} and so on), {@code top}, its last convolution, and {@code head}, everything
 * after the feature vector.
 */
public final class Blocks {
  /** The whole network. */
  public static final String ALL = "all";

  /** The last convolution of the backbone. */
  public static final String TOP = "top";

  /** What comes after the feature vector. */
  public static final String HEAD = "head";

  private static final String STEM = "stem";

  private Blocks() {}

  /** Where fine-tuning can begin, from the input on. */
  public static List<String> names(Backbone backbone, Network network) {
    Set<String> names = new LinkedHashSet<>();
    names.add(ALL);
    for (Layer layer : network.layers()) {
      backbone.block(layer.name()).ifPresent(names::add);
    }
    return List.copyOf(names);
  }

  /**
   * The tensor that the named part reads: what comes before it stays as it is.
   *
   * @param backbone the architecture of its backbone
   * @param network a classifier
   * @param from {@value #ALL}, a block such as {@code block6a} or {@value #TOP}
   * @throws DeepXrayException if there is no such part; the message lists those there are
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

  /** The part of each layer, in the order of the layers. */
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
   * What the learning rate of each part is multiplied by.
   *
   * @param backbone the architecture of the classifier's backbone
   * @param network the part of the classifier that is trained
   * @throws DeepXrayException if the specification names a part that is not trained
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
   * What the learning rate of each weight is multiplied by; those of 0 are not trained.
   *
   * @param backbone the architecture of the classifier's backbone
   * @param network the part of the classifier that is trained
   * @throws DeepXrayException if the specification names a part that is not trained
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
