package io.github.deepxray.optimize.internal;

import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;

/** Removes dropout, which is the identity in inference. */
public final class RemoveDropout implements Pass {
  @Override
  public Model apply(Model model) {
    Network network = model.network();
    Rewriter rewriter = new Rewriter(network);
    for (Layer layer : network.layers()) {
      if (layer instanceof Layer.Dropout dropout && !network.outputs().contains(layer.name())) {
        rewriter.replaceBy(dropout.name(), dropout.input());
      } else {
        rewriter.keep(layer);
      }
    }
    return new Model(rewriter.network(), model.weights());
  }
}
