package io.github.deepxray.train.head;

import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Activation;
import io.github.deepxray.core.network.Layer.Add;
import io.github.deepxray.core.network.Layer.Dense;
import io.github.deepxray.core.network.Layer.Dropout;
import io.github.deepxray.core.network.Layer.Function;
import io.github.deepxray.core.network.Layer.Normalization;
import io.github.deepxray.core.network.Network;
import java.util.ArrayList;
import java.util.List;

/** The networks that a {@link HeadSpec} describes. */
public final class HeadNetworks {
  /** The name of the input tensor, the feature vector. */
  public static final String INPUT = "features";

  /** The name of the output tensor, {@code [1]}: the probability of pneumonia. */
  public static final String OUTPUT = "probability";

  static final String STANDARDIZE = "standardize";

  private HeadNetworks() {}

  /**
   * The head as it is deployed: from features {@code [features]} to the probability {@code [1]}.
   *
   * @param features the length of the feature vector
   */
  public static Network inference(HeadSpec spec, int features) {
    List<Layer> layers = new ArrayList<>();
    String start = INPUT;
    if (spec.standardize()) {
      layers.add(new Normalization(STANDARDIZE, INPUT));
      start = STANDARDIZE;
    }
    List<String> logits = members(spec, start, layers);
    String sum = logits.get(0);
    for (int i = 1; i < logits.size(); i++) {
      String name = i == logits.size() - 1 ? "logit" : "logit_" + i;
      layers.add(new Add(name, sum, logits.get(i)));
      sum = name;
    }
    layers.add(new Activation(OUTPUT, sum, Function.SIGMOID));
    return new Network(spec.name(), INPUT, List.of(features), layers, List.of(OUTPUT));
  }

  /** The head as it is trained: from standardized features to the logit of each member. */
  static Network training(HeadSpec spec, int features) {
    List<Layer> layers = new ArrayList<>();
    List<String> logits = members(spec, INPUT, layers);
    return new Network(spec.name(), INPUT, List.of(features), layers, logits);
  }

  private static List<String> members(HeadSpec spec, String start, List<Layer> layers) {
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
      layers.add(new Dense(prefix + "logit", last, 1, true));
      logits.add(prefix + "logit");
    }
    return logits;
  }

  /** What the names of a member's layers begin with. */
  static String prefix(HeadSpec spec, int member) {
    return spec.members().size() == 1 ? "" : "member" + (member + 1) + "_";
  }
}
