package io.github.deepxray.core.network;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Fingerprint;
import io.github.deepxray.core.weights.Tensor;
import io.github.deepxray.core.weights.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A network, the values of its weights and the arithmetic it runs in: what passes transform and
 * lowerings turn into something that runs.
 *
 * @param network the layers
 * @param weights a value for each of the network's weights, and nothing else
 * @param quantization the arithmetic; tensors that the network does not have are left out
 */
public record Model(Network network, Weights weights, Quantization quantization) {
  /**
   * Checks that every weight is there with the right shape, and drops what the network has no use
   * for.
   *
   * @throws DeepXrayException that names the first missing or misshapen tensors and both shapes
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
   * A model in floats.
   *
   * @throws DeepXrayException that names the first missing or misshapen tensors and both shapes
   */
  public Model(Network network, Weights weights) {
    this(network, weights, Quantization.NONE);
  }

  /** The hash of layers, weights and arithmetic: models of the same hash compute the same. */
  public String fingerprint() {
    return Fingerprint.of(List.of(network.toString(), weights.sha256(), quantization.toString()));
  }

  /** The same network and weights in another arithmetic. */
  public Model with(Quantization other) {
    return new Model(network, weights, other);
  }

  /** The part of the model that a tensor depends on, with that tensor as the only output. */
  public Model cutAt(String tensor) {
    return withOutputs(List.of(tensor));
  }

  /** The part of the model that these tensors depend on, with them as outputs. */
  public Model withOutputs(List<String> tensors) {
    return new Model(network.withOutputs(tensors), weights, quantization);
  }

  /**
   * The part of the model that comes after a tensor, which it reads instead of the input.
   *
   * @throws DeepXrayException if the outputs depend on the input by another way too
   */
  public Model after(String tensor) {
    return new Model(network.after(tensor), weights, quantization);
  }

  /**
   * This model followed by another that reads its only output.
   *
   * @throws DeepXrayException if one computes in integers: their ranges would not cover the other
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
