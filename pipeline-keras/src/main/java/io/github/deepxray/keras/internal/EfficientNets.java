package io.github.deepxray.keras.internal;

import io.github.deepxray.core.backbone.Backbone;
import io.github.deepxray.core.backbone.BackboneProvider;
import java.util.Optional;

/** Family of {@link EfficientNet} backbones. */
public final class EfficientNets implements BackboneProvider {
  @Override
  public String names() {
    return "b0 to b7, or <width>x<depth>x<pixels> such as 0.5x0.8x160";
  }

  @Override
  public Optional<Backbone> find(String name) {
    return EfficientNet.isName(name) ? Optional.of(EfficientNet.of(name)) : Optional.empty();
  }
}
