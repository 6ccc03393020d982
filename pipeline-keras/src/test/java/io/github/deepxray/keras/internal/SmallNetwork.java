package io.github.deepxray.keras.internal;

import io.github.deepxray.core.network.Layer.BatchNormalization;
import io.github.deepxray.core.network.Layer.Conv2D;
import io.github.deepxray.core.network.Layer.Dense;
import io.github.deepxray.core.network.Layer.DepthwiseConv2D;
import io.github.deepxray.core.network.Layer.GlobalAveragePooling2D;
import io.github.deepxray.core.network.Layer.Padding;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.network.WeightSpec;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import java.util.Comparator;
import java.util.List;

/** The network and the weights of the files that tools/goldens/weight_files.py writes. */
final class SmallNetwork {
  static final Network NETWORK =
      new Network(
          "small",
          "images",
          List.of(8, 8, 3),
          List.of(
              new Conv2D("stem_conv", "images", 4, 3, 1, Padding.VALID, false),
              new BatchNormalization("stem_bn", "stem_conv", 1e-3),
              new DepthwiseConv2D("dwconv", "stem_bn", 3, 1, Padding.VALID, true),
              new GlobalAveragePooling2D("avg_pool", "dwconv", false),
              new Dense("predictions", "avg_pool", 2, true)),
          List.of("predictions"));

  private SmallNetwork() {}

  /** Value i of the tensor with index t in name order is t + i / 8. */
  static Weights weights() {
    List<WeightSpec> specs =
        NETWORK.weightSpecs().stream().sorted(Comparator.comparing(WeightSpec::name)).toList();
    Weights.Builder weights = Weights.builder();
    for (int t = 0; t < specs.size(); t++) {
      float[] values = new float[specs.get(t).size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = t + i / 8f;
      }
      weights.put(specs.get(t).name(), FloatTensor.of(values, specs.get(t).shape()));
    }
    return weights.build();
  }
}
