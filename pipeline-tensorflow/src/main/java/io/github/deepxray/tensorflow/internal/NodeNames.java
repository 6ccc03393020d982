package io.github.deepxray.tensorflow.internal;

import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.WeightSpec;

/**
 * Names of graph nodes: {@code <layer>.<part>}.
 *
 * <p>TensorFlow Java makes a repeated name unique by the suffix {@code _1}, which fails if a layer
 * has that name. No part ends in a number and no default name has a dot, so these names never
 * collide.
 */
final class NodeNames {
  private NodeNames() {}

  /** Name of a part of a layer. */
  static String of(Layer layer, String part) {
    return clean(layer.name()) + "." + part;
  }

  /** Name of a weight. */
  static String of(WeightSpec spec) {
    int slash = spec.name().lastIndexOf('/');
    return clean(spec.name().substring(0, slash)) + "." + clean(spec.name().substring(slash + 1));
  }

  private static String clean(String name) {
    String allowed = name.replaceAll("[^A-Za-z0-9_.\\-]", "_");
    return Character.isLetterOrDigit(allowed.charAt(0)) ? allowed : "." + allowed;
  }
}
