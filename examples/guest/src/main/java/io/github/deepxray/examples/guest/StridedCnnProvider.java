package io.github.deepxray.examples.guest;

import io.github.deepxray.core.backbone.Backbone;
import io.github.deepxray.core.backbone.BackboneProvider;
import java.util.Optional;

/** Provider of {@link StridedCnn}. */
public final class StridedCnnProvider implements BackboneProvider {
  /** Called by the service loader. */
  public StridedCnnProvider() {}

  @Override
  public String names() {
    return StridedCnn.NAME;
  }

  @Override
  public Optional<Backbone> find(String name) {
    return name.equalsIgnoreCase(StridedCnn.NAME)
        ? Optional.of(new StridedCnn())
        : Optional.empty();
  }
}
