package io.github.deepxray.core.network;

import io.github.deepxray.core.DeepXrayException;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * In which arithmetic a {@link Model} runs, and how its activations are stored where that is not in
 * 32-bit floats.
 *
 * <p>An integer {@code q} stands for {@code scale * (q - zeroPoint)} (Jacob et al. 2018; the TFLite
 * 8-bit quantization specification). Weights carry their own scales, see {@link
 * io.github.deepxray.core.weights.Int8Tensor}; biases stay floats in a model, and become 32-bit
 * (or, with 16-bit activations, 64-bit) integers where the model is written.
 *
 * @param arithmetic how layers with integer kernels compute
 * @param tensors how to store each activation by its tensor's name, the network's input among them;
 *     empty unless the arithmetic is one of integers
 * @param floatLayers the layers that compute in floats all the same; what they read is dequantized,
 *     and what an integer layer reads from them is quantized as {@code tensors} says
 */
public record Quantization(
    Arithmetic arithmetic, Map<String, Affine> tensors, Set<String> floatLayers) {

  /** How layers with integer kernels compute. */
  public enum Arithmetic {
    /** In floats: kernels of any type are dequantized when the model is loaded. */
    FLOAT,
    /**
     * Convolutions and dense layers quantize what they read on the fly and compute with 8-bit
     * integers; activations are stored as floats.
     */
    DYNAMIC,
    /** Everything in 8-bit integers with 32-bit sums. */
    INT8,
    /** Kernels of 8 and activations of 16 bits with 64-bit sums (TFLite's 16x8). */
    INT16;

    /** Whether activations are stored as integers. */
    public boolean integerActivations() {
      return this == INT8 || this == INT16;
    }

    /** The least integer of an activation. */
    public int min() {
      return this == INT16 ? Short.MIN_VALUE : Byte.MIN_VALUE;
    }

    /** The largest integer of an activation. */
    public int max() {
      return this == INT16 ? Short.MAX_VALUE : Byte.MAX_VALUE;
    }
  }

  /**
   * {@code real = scale * (q - zeroPoint)}.
   *
   * @param scale the step, positive
   * @param zeroPoint the integer that stands for 0
   */
  public record Affine(float scale, int zeroPoint) {
    /** Checks the scale. */
    public Affine {
      if (!(scale > 0) || Float.isInfinite(scale)) {
        throw new IllegalArgumentException("scale " + scale);
      }
    }
  }

  /** Floats everywhere. */
  public static final Quantization NONE = new Quantization(Arithmetic.FLOAT, Map.of(), Set.of());

  /** Kernels as integers, activations as floats. */
  public static final Quantization DYNAMIC =
      new Quantization(Arithmetic.DYNAMIC, Map.of(), Set.of());

  /** Copies and sorts by name. */
  public Quantization {
    tensors = Collections.unmodifiableMap(new TreeMap<>(tensors));
    floatLayers = Collections.unmodifiableSet(new TreeSet<>(floatLayers));
    if (!arithmetic.integerActivations() && !tensors.isEmpty()) {
      throw new IllegalArgumentException("activations are floats in " + arithmetic);
    }
  }

  /**
   * How a tensor is stored.
   *
   * @throws DeepXrayException if it was not calibrated
   */
  public Affine tensor(String name) {
    Affine affine = tensors.get(name);
    if (affine == null) {
      throw new DeepXrayException(
          "The range of tensor " + name + " is not known; calibrate the whole network.");
    }
    return affine;
  }

  /** Whether a layer computes in integers. */
  public boolean integer(String layer) {
    return arithmetic.integerActivations() && !floatLayers.contains(layer);
  }

  /** The same with other layers in floats. */
  public Quantization withFloatLayers(Set<String> layers) {
    return new Quantization(arithmetic, tensors, layers);
  }

  /** The part that concerns the tensors of a network. */
  Quantization restrictedTo(Network network) {
    Map<String, Affine> kept = new TreeMap<>(tensors);
    kept.keySet().retainAll(network.tensors());
    Set<String> layers = new TreeSet<>(floatLayers);
    layers.retainAll(network.tensors());
    return new Quantization(arithmetic, kept, layers);
  }
}
