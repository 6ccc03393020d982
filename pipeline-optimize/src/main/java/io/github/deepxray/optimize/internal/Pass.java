package io.github.deepxray.optimize.internal;

import io.github.deepxray.core.network.Model;

/** Transformation of a model. */
@FunctionalInterface
public interface Pass {
  /** Returns the transformed model; the given one is unchanged. */
  Model apply(Model model);

  /** Returns this pass followed by another. */
  default Pass then(Pass next) {
    return model -> next.apply(apply(model));
  }
}
