package io.github.deepxray.optimize.internal;

import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Network;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Builds a network from another, layer by layer, and redirects reads of removed tensors. */
final class Rewriter {
  private final Network source;
  private final List<Layer> layers = new ArrayList<>();
  private final Map<String, String> redirected = new HashMap<>();

  Rewriter(Network source) {
    this.source = source;
  }

  /** Adds a layer, which may be a changed copy. */
  void keep(Layer layer) {
    Layer kept = layer;
    for (String input : layer.inputs()) {
      if (redirected.containsKey(input)) {
        kept = kept.reading(input, redirected.get(input));
      }
    }
    layers.add(kept);
  }

  /** Removes a tensor; its readers read {@code by} instead. */
  void replaceBy(String removed, String by) {
    redirected.put(removed, redirected.getOrDefault(by, by));
  }

  Network network() {
    return new Network(
        source.name(), source.input(), source.inputShape(), layers, source.outputs());
  }
}
