package io.github.deepxray.core.backbone;

import io.github.deepxray.core.DeepXrayException;
import java.util.Optional;

/** Family of backbones, provided by a library as a {@link java.util.ServiceLoader service}. */
public interface BackboneProvider {
  /** Names of the family's backbones for messages, such as {@code b0 to b7}. */
  String names();

  /**
   * Finds a backbone of the family by its name, ignoring case.
   *
   * @return empty if the name is of another family
   * @throws DeepXrayException if the name is of this family, but there is no such backbone
   */
  Optional<Backbone> find(String name);
}
