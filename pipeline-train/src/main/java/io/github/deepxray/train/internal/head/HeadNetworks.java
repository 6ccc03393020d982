package io.github.deepxray.train.internal.head;

import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Activation;
import io.github.deepxray.core.network.Layer.Add;
import io.github.deepxray.core.network.Layer.Dense;
import io.github.deepxray.core.network.Layer.Dropout;
import io.github.deepxray.core.network.Layer.Function;
import io.github.deepxray.core.network.Layer.Normalization;
import io.github.deepxray.core.network.Layer.Rescaling;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.train.recipe.HeadSpec;
import java.util.ArrayList;
import java.util.List;

/** Networks of a {@link HeadSpec}. */
public final class HeadNetworks {
  /** Name of the input tensor, the feature vector. */
  public static final String INPUT = "features";

  /** The name of the output tensor, {@code [1]}: the probability of the second of two classes. */
  public static final String OUTPUT = "probability";

  /** The name of the output tensor for more classes, {@code [K]}: the probability of each. */
  public static final String OUTPUTS = "probabilities";

  /** Name of the layer that calibrates the logits. */
  public static final String CALIBRATION = "calibration";

  static final String STANDARDIZE = "standardize";

  private HeadNetworks() {}

  /** The name of the output tensor. */
  public static String output(int classes) {
    return classes == 2 ? OUTPUT : OUTPUTS;
  }

  /**
   * Returns the inference network of a head of two classes, from features {@code [features]} to the
   * probability {@code [1]}.
   *
   * @param features the length of the feature vector
   */
  public static Network inference(HeadSpec spec, int features) {
    return inference(spec, features, 2);
  }

  /**
   * Returns the inference network of a head, from features {@code [features]} to the probability
   * {@code [1]} of the second of two classes, or to the probabilities {@code [K]} of more classes.
   *
   * @param features the length of the feature vector
   * @param classes the number of classes, at least 2
   */
  public static Network inference(HeadSpec spec, int features, int classes) {
    return inference(spec, features, classes, 1, 0);
  }

  /**
   * Returns the inference network of a head with calibrated probabilities.
   *
   * @param features the length of the feature vector
   * @param classes the number of classes, at least 2
   * @param slope factor of the logits, above 0
   * @param offset addend of the logits
   */
  public static Network inference(
      HeadSpec spec, int features, int classes, double slope, double offset) {
    List<Layer> layers = new ArrayList<>();
    String start = INPUT;
    if (spec.standardize()) {
      layers.add(new Normalization(STANDARDIZE, INPUT));
      start = STANDARDIZE;
    }
    List<String> logits = members(spec, start, classes, layers);
    String sum = logits.get(0);
    for (int i = 1; i < logits.size(); i++) {
      String name = i == logits.size() - 1 ? logit(classes) : logit(classes) + "_" + i;
      layers.add(new Add(name, sum, logits.get(i)));
      sum = name;
    }
    if (slope != 1 || offset != 0) {
      layers.add(new Rescaling(CALIBRATION, sum, List.of(slope), List.of(offset)));
      sum = CALIBRATION;
    }
    layers.add(
        new Activation(output(classes), sum, classes == 2 ? Function.SIGMOID : Function.SOFTMAX));
    return new Network(spec.name(), INPUT, List.of(features), layers, List.of(output(classes)));
  }

  /**
   * Returns the training network of a head, from standardized features to the logits of each
   * member.
   */
  static Network training(HeadSpec spec, int features, int classes) {
    List<Layer> layers = new ArrayList<>();
    List<String> logits = members(spec, INPUT, classes, layers);
    return new Network(spec.name(), INPUT, List.of(features), layers, logits);
  }

  private static List<String> members(
      HeadSpec spec, String start, int classes, List<Layer> layers) {
    List<String> logits = new ArrayList<>();
    for (int m = 0; m < spec.members().size(); m++) {
      HeadSpec.Member member = spec.members().get(m);
      String prefix = prefix(spec, m);
      String last = start;
      for (int h = 0; h < member.hiddenUnits().size(); h++) {
        String name = prefix + "hidden" + (h + 1);
        layers.add(new Dense(name, last, member.hiddenUnits().get(h), true));
        layers.add(new Activation(name + "_activation", name, Function.RELU));
        last = name + "_activation";
        if (member.dropout() > 0) {
          layers.add(new Dropout(name + "_dropout", last, member.dropout()));
          last = name + "_dropout";
        }
      }
      String logit = prefix + logit(classes);
      layers.add(new Dense(logit, last, classes == 2 ? 1 : classes, true));
      logits.add(logit);
    }
    return logits;
  }

  /** Name of a member's last layer, after its prefix. */
  static String logit(int classes) {
    return classes == 2 ? "logit" : "logits";
  }

  /** Prefix of the names of a member's layers. */
  static String prefix(HeadSpec spec, int member) {
    return spec.members().size() == 1 ? "" : "member" + (member + 1) + "_";
  }
}
