package io.github.deepxray.core.internal.network;

import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Conv2D;
import io.github.deepxray.core.network.Layer.Dense;
import io.github.deepxray.core.network.Layer.DepthwiseConv2D;
import io.github.deepxray.core.network.Network;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Counts multiply-adds of one example as papers do: those of convolutions and dense layers, with
 * padding counted as data. Other layers add little to the number, but take time: latency is not
 * proportional to it.
 */
public final class MultiplyAdds {
  private MultiplyAdds() {}

  /** Multiply-adds of each convolution and dense layer, in the order of the layers. */
  public static Map<String, Long> perLayer(Network network) {
    Map<String, Long> counts = new LinkedHashMap<>();
    for (Layer layer : network.layers()) {
      if (layer instanceof Conv2D || layer instanceof DepthwiseConv2D || layer instanceof Dense) {
        counts.put(layer.name(), of(network, layer));
      }
    }
    return Collections.unmodifiableMap(counts);
  }

  /** Multiply-adds of the whole network. */
  public static long total(Network network) {
    return perLayer(network).values().stream().mapToLong(Long::longValue).sum();
  }

  /**
   * Multiply-adds of a layer of the network; 0 for layers other than convolutions and dense layers.
   */
  public static long of(Network network, Layer layer) {
    List<Integer> in = network.shape(layer.inputs().get(0));
    long channels = in.get(in.size() - 1);
    long outputs = network.size(layer.name());
    if (layer instanceof Conv2D conv) {
      return outputs * conv.kernelSize() * conv.kernelSize() * channels;
    } else if (layer instanceof DepthwiseConv2D conv) {
      return outputs * conv.kernelSize() * conv.kernelSize();
    }
    return layer instanceof Dense ? outputs * channels : 0;
  }
}
