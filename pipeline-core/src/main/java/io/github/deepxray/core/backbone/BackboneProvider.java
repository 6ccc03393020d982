package io.github.deepxray.core.backbone;

import io.github.deepxray.core.DeepXrayException;
import java.util.Optional;

/** Family of backbones. A library offers it as a {@link java.util.ServiceLoader service}. */
public interface BackboneProvider {
  /** The names of its backbones for people, such as {@code b0 to b7}. */
  String names();

  /**
   * A backbone of the family by its name, in any case.
   *
   * @return empty if the name is of another family
   * @throws DeepXrayException if the name is of this family, but there is no such backbone
   */
  Optional<Backbone> find(String name);
}
