package io.github.deepxray.train.internal.quantize;

import io.github.deepxray.core.internal.network.MultiplyAdds;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import java.util.Map;

/**
 * About how long a quantized model takes: the mean of its share of multiplications and of values
 * written, float layers counted longer. Measuring would make the choice of layers depend on what
 * else the machine does.
 */
final class EstimatedCost {
  /**
   * How much longer a float layer takes than an integer one: TFLite's XNNPACK on x86 with VNNI runs
   * the whole network 1.68 times as fast in 8 bits, see README.
   */
  private static final double FLOAT_COST = 0.68;

  private EstimatedCost() {}

  /** The cost; that of a network in integers alone is 1. */
  static double of(Model model) {
    Network network = model.network();
    Map<String, Long> multiplyAdds = MultiplyAdds.perLayer(network);
    double work = 0;
    double values = 0;
    double floatWork = 0;
    double floatValues = 0;
    for (Layer layer : network.layers()) {
      double layerWork = multiplyAdds.getOrDefault(layer.name(), 0L);
      double layerValues = network.size(layer.name());
      work += layerWork;
      values += layerValues;
      if (!model.quantization().integer(layer.name())) {
        floatWork += layerWork;
        floatValues += layerValues;
      }
    }
    return 1 + FLOAT_COST * (floatWork / work + floatValues / values) / 2;
  }
}
