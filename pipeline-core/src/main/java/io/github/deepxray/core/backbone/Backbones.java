package io.github.deepxray.core.backbone;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.services.Services;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** The backbones on the class path. */
public final class Backbones {
  /** The name of the backbone that is used unless another is named: EfficientNetB0. */
  public static final String DEFAULT = "b0";

  private Backbones() {}

  /**
   * A backbone by its name.
   *
   * @throws DeepXrayException if there is none of that name; the message lists those there are
   */
  public static Backbone named(String name) {
    List<BackboneProvider> providers = Services.all(BackboneProvider.class);
    for (BackboneProvider provider : providers) {
      Optional<Backbone> found = provider.find(name);
      if (found.isPresent()) {
        return found.get();
      }
    }
    throw new DeepXrayException(
        "There is no backbone "
            + name
            + (providers.isEmpty()
                ? "; add deepxray-pipeline-keras to the class path."
                : "; choose one of "
                    + providers.stream()
                        .map(BackboneProvider::names)
                        .distinct()
                        .collect(Collectors.joining(", or "))
                    + "."));
  }
}
