package io.github.deepxray.train.internal.quantize;

import io.github.deepxray.core.internal.network.MultiplyAdds;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import java.util.Map;

/**
 * Estimated relative latency of a quantized model: the mean of its shares of multiplications and of
 * output values, with a factor for float layers. A measured latency would make the choice of layers
 * depend on the load of the machine.
 */
final class EstimatedCost {
  /**
   * Additional cost of a float layer relative to an integer layer: TFLite's XNNPACK on x86 with
   * VNNI runs the whole network 1.68 times as fast in 8 bits, see README.
   */
  private static final double FLOAT_COST = 0.68;

  private EstimatedCost() {}

  /** Returns the cost; an integer-only network has cost 1. */
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
