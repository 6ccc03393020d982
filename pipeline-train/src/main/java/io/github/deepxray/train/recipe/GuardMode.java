package io.github.deepxray.train.recipe;

import io.github.deepxray.core.internal.Keyed;

/** Choice of the input guard, see {@link io.github.deepxray.train.InputGuard}. */
public enum GuardMode implements Keyed {
  /** Deployed classifiers have the guard's output. */
  AUTO,

  /** Deployed classifiers have one output. */
  NONE
}
