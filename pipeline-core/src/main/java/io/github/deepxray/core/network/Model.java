package io.github.deepxray.core.network;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Fingerprint;
import io.github.deepxray.core.weights.Tensor;
import io.github.deepxray.core.weights.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Network with weights and quantization. Passes transform models; lowerings convert them to graphs
 * and files.
 *
 * @param network the layers
 * @param weights a tensor for each of the network's weights, and no others
 * @param quantization the arithmetic; tensors of other networks are removed
 */
public record Model(Network network, Weights weights, Quantization quantization) {
  /**
   * Checks that every weight is present with the right shape, and removes tensors that the network
   * does not use.
   *
   * @throws DeepXrayException if weights are missing or of another shape; the message names the
   *     first of them
   */
  public Model {
    List<String> wrong = new ArrayList<>();
    Weights.Builder kept = Weights.builder();
    for (WeightSpec spec : network.weightSpecs()) {
      Optional<Tensor> tensor = weights.find(spec.name());
      if (tensor.isEmpty()) {
        wrong.add(spec.name() + " " + spec.shape() + " is missing");
      } else if (!tensor.get().shape().equals(spec.shape())) {
        wrong.add(spec.name() + " should be " + spec.shape() + " but is " + tensor.get().shape());
      } else {
        kept.put(spec.name(), tensor.get());
      }
    }
    if (!wrong.isEmpty()) {
      throw new DeepXrayException(
          "These weights are not those of %s: %s%s Give the weights of this architecture."
              .formatted(
                  network.name(),
                  String.join("; ", wrong.subList(0, Math.min(3, wrong.size()))),
                  wrong.size() > 3 ? "; and " + (wrong.size() - 3) + " more." : "."));
    }
    weights = kept.build();
    quantization = quantization.restrictedTo(network);
  }

  /**
   * Creates a float model.
   *
   * @throws DeepXrayException if weights are missing or of another shape; the message names the
   *     first of them
   */
  public Model(Network network, Weights weights) {
    this(network, weights, Quantization.NONE);
  }

  /** Hash of layers, weights and quantization; models of equal hash compute equal results. */
  public String fingerprint() {
    return Fingerprint.of(List.of(network.toString(), weights.sha256(), quantization.toString()));
  }

  /** Returns a copy with another quantization. */
  public Model with(Quantization other) {
    return new Model(network, weights, other);
  }

  /**
   * Returns the part of the model that a tensor depends on, with that tensor as the only output.
   */
  public Model cutAt(String tensor) {
    return withOutputs(List.of(tensor));
  }

  /** Returns the part of the model that these tensors depend on, with them as outputs. */
  public Model withOutputs(List<String> tensors) {
    return new Model(network.withOutputs(tensors), weights, quantization);
  }

  /**
   * Returns the part of the model after a tensor, with that tensor as the input.
   *
   * @throws DeepXrayException if the outputs depend on the original input by another path
   */
  public Model after(String tensor) {
    return new Model(network.after(tensor), weights, quantization);
  }

  /**
   * Returns this model followed by another that reads its only output.
   *
   * @throws DeepXrayException if one of the models is quantized to integers
   */
  public Model then(Model next) {
    if (quantization.arithmetic().integerActivations()
        || next.quantization.arithmetic().integerActivations()) {
      throw new DeepXrayException(
          "Networks %s and %s cannot be joined once they are quantized; join them first."
              .formatted(network.name(), next.network.name()));
    }
    return new Model(network.then(next.network), weights.plus(next.weights), quantization);
  }
}
