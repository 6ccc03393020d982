package io.github.deepxray.core.backbone;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.services.Services;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Registry of the backbones on the class path. */
public final class Backbones {
  /** Name of the default backbone, EfficientNetB0. */
  public static final String DEFAULT = "b0";

  private Backbones() {}

  /**
   * Returns the backbone of a name.
   *
   * @throws DeepXrayException if there is none; the message lists the available names
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
