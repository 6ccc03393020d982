package io.github.deepxray.keras.internal;

import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.network.WeightSpec;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Group names of a model's layers in the HDF5 files of Keras 3 and of the last Keras 2: {@code
 * conv2d}, {@code conv2d_1} and so on, the layer's class and the number of earlier layers of the
 * class.
 */
final class KerasGroups {
  private KerasGroups() {}

  /** Group of each layer, in Keras' order. */
  static Map<String, String> of(Network network) {
    Map<String, Integer> counts = new HashMap<>();
    Map<String, String> groups = new LinkedHashMap<>();
    for (Layer layer : inKerasOrder(network)) {
      groups.put(layer.name(), next(className(layer), counts));
    }
    return groups;
  }

  /** Weights of a layer in Keras' order. */
  static List<WeightSpec> weights(Network network, Layer layer) {
    return layer.weights(layer.inputs().stream().map(network::shape).toList());
  }

  /** Class of a layer in Keras. */
  static String className(Layer layer) {
    return layer.getClass().getSimpleName();
  }

  /** Name of the group of the next layer of a class. */
  static String next(String className, Map<String, Integer> counts) {
    String name = snakeCase(className);
    int before = counts.merge(name, 1, Integer::sum) - 1;
    return before == 0 ? name : name + "_" + before;
  }

  /**
   * Converts a class name to snake case: {@code BatchNormalization} to {@code batch_normalization},
   * {@code Conv2D} to {@code conv2d}.
   */
  static String snakeCase(String className) {
    return className
        .replaceAll("\\W+", "")
        .replaceAll("(.)([A-Z][a-z]+)", "$1_$2")
        .replaceAll("([a-z])([A-Z])", "$1_$2")
        .toLowerCase(Locale.ROOT);
  }

  /**
   * Layers in the order of Keras' {@code model.layers}: those farther from the output first, those
   * of equal distance in the order of a depth-first traversal from the outputs.
   */
  private static List<Layer> inKerasOrder(Network network) {
    Map<String, Integer> depths = new HashMap<>();
    for (int i = network.layers().size() - 1; i >= 0; i--) {
      Layer layer = network.layers().get(i);
      int depth = depths.computeIfAbsent(layer.name(), name -> 0);
      for (String input : layer.inputs()) {
        depths.merge(input, depth + 1, Math::max);
      }
    }
    Map<String, Integer> visits = visits(network);
    Comparator<Layer> farthest = Comparator.comparing(layer -> -depths.get(layer.name()));
    return network.layers().stream()
        .filter(layer -> visits.containsKey(layer.name()))
        .sorted(farthest.thenComparing(layer -> visits.get(layer.name())))
        .toList();
  }

  private static Map<String, Integer> visits(Network network) {
    Map<String, Layer> layers = new HashMap<>();
    network.layers().forEach(layer -> layers.put(layer.name(), layer));
    Map<String, Integer> visits = new HashMap<>();
    Deque<String> pending = new ArrayDeque<>();
    for (int i = network.outputs().size() - 1; i >= 0; i--) {
      pending.push(network.outputs().get(i));
    }
    while (!pending.isEmpty()) {
      Layer layer = layers.get(pending.pop());
      if (layer != null && visits.putIfAbsent(layer.name(), visits.size()) == null) {
        for (int i = layer.inputs().size() - 1; i >= 0; i--) {
          pending.push(layer.inputs().get(i));
        }
      }
    }
    return visits;
  }
}
