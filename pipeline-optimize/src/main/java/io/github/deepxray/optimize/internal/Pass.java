package io.github.deepxray.optimize.internal;

import io.github.deepxray.core.network.Model;

/** Turns one model into another. */
@FunctionalInterface
public interface Pass {
  /** The model after the pass; the one given is untouched. */
  Model apply(Model model);

  /** This pass, then another. */
  default Pass then(Pass next) {
    return model -> next.apply(apply(model));
  }
}
