package io.github.deepxray.core.network;

import io.github.deepxray.core.DeepXrayException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Immutable network: layers in topological order.
 *
 * <p>A network has no weight values (see {@link Model}) and is independent of the engine: lowerings
 * convert it to a TensorFlow graph or a TFLite file.
 */
public final class Network {
  private final String name;
  private final String input;
  private final List<Layer> layers;
  private final List<String> outputs;
  private final Map<String, List<Integer>> shapes;
  private final Map<String, Layer> byName;
  private final List<WeightSpec> weightSpecs;

  /**
   * Creates a network and checks it.
   *
   * @param name the name, for example {@code efficientnetb0}
   * @param input the name of the input tensor
   * @param inputShape the input's shape without the batch dimension: {@code [H, W, C]} or {@code
   *     [C]}
   * @param layers the layers, each after the layers of its inputs
   * @param outputs the names of the output tensors
   * @throws DeepXrayException if a name is used twice or unknown, or shapes do not fit
   */
  public Network(
      String name,
      String input,
      List<Integer> inputShape,
      List<Layer> layers,
      List<String> outputs) {
    this.name = name;
    this.input = input;
    this.layers = List.copyOf(layers);
    this.outputs = List.copyOf(outputs);
    Map<String, List<Integer>> known = new LinkedHashMap<>();
    Map<String, Layer> index = new HashMap<>();
    List<WeightSpec> weights = new ArrayList<>();
    known.put(input, List.copyOf(inputShape));
    for (Layer layer : this.layers) {
      List<List<Integer>> read = new ArrayList<>();
      for (String tensor : layer.inputs()) {
        List<Integer> shape = known.get(tensor);
        if (shape == null) {
          throw new DeepXrayException(
              "Network %s: layer %s reads %s, which no earlier layer writes."
                  .formatted(name, layer.name(), tensor));
        }
        read.add(shape);
      }
      if (known.put(layer.name(), List.copyOf(layer.outputShape(read))) != null) {
        throw new DeepXrayException(
            "Network " + name + ": two tensors have the name " + layer.name() + ".");
      }
      index.put(layer.name(), layer);
      weights.addAll(layer.weights(read));
    }
    this.shapes = Collections.unmodifiableMap(known);
    this.outputs.forEach(this::shape);
    if (this.outputs.isEmpty()) {
      throw new DeepXrayException("Network " + name + ": there is no output.");
    }
    this.byName = Map.copyOf(index);
    this.weightSpecs = List.copyOf(weights);
  }

  /** Name of the network. */
  public String name() {
    return name;
  }

  /** Name of the input tensor. */
  public String input() {
    return input;
  }

  /** Shape of the input without the batch dimension. */
  public List<Integer> inputShape() {
    return shape(input);
  }

  /** Layers in order. */
  public List<Layer> layers() {
    return layers;
  }

  /** Names of the output tensors. */
  public List<String> outputs() {
    return outputs;
  }

  /** Weights of all layers, in the order of the layers. */
  public List<WeightSpec> weightSpecs() {
    return weightSpecs;
  }

  /**
   * Shape of a tensor without the batch dimension.
   *
   * @throws DeepXrayException if there is no such tensor
   */
  public List<Integer> shape(String tensor) {
    List<Integer> shape = shapes.get(tensor);
    if (shape == null) {
      throw new DeepXrayException("Network " + name + ": there is no tensor " + tensor + ".");
    }
    return shape;
  }

  /** Names of all tensors, the input first, then in the order of the layers. */
  public Set<String> tensors() {
    return shapes.keySet();
  }

  /** Number of values of one example of a tensor. */
  public int size(String tensor) {
    return shape(tensor).stream().reduce(1, Math::multiplyExact);
  }

  /**
   * Returns the layer of a name.
   *
   * @throws DeepXrayException if there is none
   */
  public Layer layer(String layer) {
    Layer found = byName.get(layer);
    if (found == null) {
      throw new DeepXrayException("Network " + name + ": there is no layer " + layer + ".");
    }
    return found;
  }

  /** Layers that read a tensor, in order. */
  public List<Layer> readers(String tensor) {
    return layers.stream().filter(layer -> layer.inputs().contains(tensor)).toList();
  }

  /**
   * Returns the part of the network that these tensors depend on, with them as outputs. Unused
   * layers are removed.
   *
   * @throws DeepXrayException if there is no such tensor
   */
  public Network withOutputs(List<String> tensors) {
    return new Network(name, input, inputShape(), leadingTo(new HashSet<>(tensors), ""), tensors);
  }

  /**
   * Layers that tensors depend on, without those before a start tensor.
   *
   * @param needed the tensors; the inputs of the layers are added
   */
  private List<Layer> leadingTo(Set<String> needed, String start) {
    List<Layer> kept = new ArrayList<>();
    for (int i = layers.size() - 1; i >= 0; i--) {
      Layer layer = layers.get(i);
      if (needed.contains(layer.name()) && !layer.name().equals(start)) {
        kept.add(layer);
        needed.addAll(layer.inputs());
      }
    }
    Collections.reverse(kept);
    return kept;
  }

  /**
   * Returns the part of the network after a tensor, with that tensor as the input.
   *
   * @throws DeepXrayException if there is no such tensor, or an output depends on the original
   *     input by another path
   */
  public Network after(String tensor) {
    List<Integer> start = shape(tensor);
    Set<String> needed = new HashSet<>(outputs);
    List<Layer> kept = leadingTo(needed, tensor);
    if (!tensor.equals(input) && needed.contains(input)) {
      throw new DeepXrayException(
          ("Network %s cannot be cut at %s: layers after it also read other tensors from before"
                  + " it.")
              .formatted(name, tensor));
    }
    return new Network(name, tensor, start, kept, outputs);
  }

  /**
   * Returns this network followed by another that reads its only output.
   *
   * @throws DeepXrayException if this network has several outputs, the shapes differ or a name is
   *     in both
   */
  public Network then(Network next) {
    if (outputs.size() != 1) {
      throw new DeepXrayException(
          "Network " + name + " has " + outputs.size() + " outputs; only one can be followed.");
    }
    String joint = outputs.get(0);
    if (!shape(joint).equals(next.inputShape())) {
      throw new DeepXrayException(
          "Network %s reads %s, but %s writes %s."
              .formatted(next.name, next.inputShape(), name, shape(joint)));
    }
    List<Layer> all = new ArrayList<>(layers);
    for (Layer layer : next.layers) {
      all.add(layer.reading(next.input, joint));
    }
    List<String> results =
        next.outputs.stream().map(o -> o.equals(next.input) ? joint : o).toList();
    return new Network(name, input, inputShape(), all, results);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Network n
        && name.equals(n.name)
        && input.equals(n.input)
        && inputShape().equals(n.inputShape())
        && layers.equals(n.layers)
        && outputs.equals(n.outputs);
  }

  @Override
  public int hashCode() {
    return 31 * name.hashCode() + layers.hashCode();
  }

  /** Describes the network with one line per layer; usable as a cache key. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    text.append(name).append(' ').append(input).append(inputShape()).append('\n');
    layers.forEach(layer -> text.append(layer).append('\n'));
    return text.append(outputs).append('\n').toString();
  }
}
