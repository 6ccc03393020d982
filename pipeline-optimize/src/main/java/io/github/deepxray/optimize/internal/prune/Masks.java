package io.github.deepxray.optimize.internal.prune;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Tensor;
import io.github.deepxray.core.weights.Weights;
import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * Pruning masks: for each pruned kernel a tensor of its shape with 1 for kept weights and 0 for
 * removed ones, by the weight's name, such as {@code top_conv/kernel}. Weights without a mask are
 * not pruned.
 *
 * @param tensors a mask by the name of each weight, sorted by name
 */
public record Masks(Map<String, FloatTensor> tensors) {
  private static final Masks NONE = new Masks(Map.of());

  /**
   * Sorts by name.
   *
   * @throws IllegalArgumentException if a mask has a value other than 0 and 1
   */
  public Masks {
    tensors = Collections.unmodifiableMap(new TreeMap<>(tensors));
    tensors.forEach(
        (name, mask) -> {
          for (int i = 0; i < mask.size(); i++) {
            if (mask.at(i) != 0 && mask.at(i) != 1) {
              throw new IllegalArgumentException(name + ": " + mask.at(i) + " in a mask");
            }
          }
        });
  }

  /** Returns an empty collection of masks. */
  public static Masks none() {
    return NONE;
  }

  /**
   * Returns the masks of a model's current zeros, to continue training a pruned model.
   *
   * @param weights the names of the weights to mask
   * @throws DeepXrayException if the model has no such weight
   */
  public static Masks ofZeros(Model model, Collection<String> weights) {
    Map<String, FloatTensor> masks = new TreeMap<>();
    for (String name : weights) {
      float[] values = model.weights().floats(name);
      for (int i = 0; i < values.length; i++) {
        values[i] = values[i] == 0 ? 0 : 1;
      }
      masks.put(name, FloatTensor.of(values, model.weights().get(name).shape()));
    }
    return new Masks(masks);
  }

  /**
   * Returns the mask of a weight.
   *
   * @throws DeepXrayException if the weight has none
   */
  public FloatTensor get(String weight) {
    FloatTensor mask = tensors.get(weight);
    if (mask == null) {
      throw new DeepXrayException("Weight " + weight + " has no mask.");
    }
    return mask;
  }

  /**
   * Sets the removed weights of a model to zero, without sign: a multiplication by the mask would
   * leave {@code -0} for negative weights, which compresses worse.
   *
   * @throws DeepXrayException if a mask's shape is not that of its weight, or the weight is not in
   *     floats
   */
  public Model apply(Model model) {
    Weights.Builder masked = Weights.builder();
    tensors.forEach(
        (name, mask) ->
            model.weights().find(name).ifPresent(tensor -> masked.put(name, zero(name, tensor))));
    return new Model(model.network(), model.weights().plus(masked.build()), model.quantization());
  }

  private FloatTensor zero(String name, Tensor tensor) {
    FloatTensor mask = tensors.get(name);
    if (!(tensor instanceof FloatTensor) || !tensor.shape().equals(mask.shape())) {
      throw new DeepXrayException(
          "Weight " + name + " is " + tensor + ", its mask " + mask + "; prune before quantizing.");
    }
    float[] values = tensor.toFloats();
    for (int i = 0; i < values.length; i++) {
      values[i] = mask.at(i) == 0 ? 0f : values[i];
    }
    return FloatTensor.of(values, tensor.shape());
  }

  /** Share of zeros in all masks together, 0..1; 0 without masks. */
  public double sparsity() {
    long size = tensors.values().stream().mapToLong(FloatTensor::size).sum();
    return size == 0 ? 0 : (double) zeros() / size;
  }

  /**
   * Share of zeros in a weight's mask, 0..1.
   *
   * @throws DeepXrayException if the weight has none
   */
  public double sparsity(String weight) {
    FloatTensor mask = get(weight);
    return (double) zeros(mask) / mask.size();
  }

  /** Number of zeros in all masks together. */
  public long zeros() {
    return tensors.values().stream().mapToLong(Masks::zeros).sum();
  }

  private static long zeros(FloatTensor mask) {
    long zeros = 0;
    for (int i = 0; i < mask.size(); i++) {
      zeros += mask.at(i) == 0 ? 1 : 0;
    }
    return zeros;
  }

  @Override
  public String toString() {
    return tensors.size() + " masks, " + zeros() + " zeros";
  }
}
