package io.github.deepxray.core.network;

import io.github.deepxray.core.DeepXrayException;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Arithmetic of a {@link Model} and the quantization parameters of its activations.
 *
 * <p>An integer {@code q} represents {@code scale * (q - zeroPoint)} (Jacob et al. 2018; the TFLite
 * 8-bit quantization specification). Weights carry their own scales, see {@link
 * io.github.deepxray.core.weights.Int8Tensor}; biases are floats in a model and become 32-bit (with
 * 16-bit activations 64-bit) integers when it is written.
 *
 * @param arithmetic the arithmetic of layers with integer kernels
 * @param tensors scale and zero point of each activation by its tensor's name, including the
 *     network's input; empty unless the arithmetic is integer
 * @param floatLayers layers that compute in floats in an integer model; their inputs are
 *     dequantized, and their outputs are quantized as in {@code tensors} for integer layers
 */
public record Quantization(
    Arithmetic arithmetic, Map<String, Affine> tensors, Set<String> floatLayers) {

  /** Arithmetic of layers with integer kernels. */
  public enum Arithmetic {
    /** Float arithmetic: integer kernels are dequantized when the model is loaded. */
    FLOAT,
    /**
     * Dynamic range quantization: convolutions and dense layers quantize their inputs at run time
     * and compute with 8-bit integers; activations are stored as floats.
     */
    DYNAMIC,
    /** 8-bit integers with 32-bit accumulators. */
    INT8,
    /** 8-bit kernels and 16-bit activations with 64-bit accumulators (TFLite's 16x8). */
    INT16;

    /** Whether activations are stored as integers. */
    public boolean integerActivations() {
      return this == INT8 || this == INT16;
    }

    /** Smallest integer of an activation. */
    public int min() {
      return this == INT16 ? Short.MIN_VALUE : Byte.MIN_VALUE;
    }

    /** Largest integer of an activation. */
    public int max() {
      return this == INT16 ? Short.MAX_VALUE : Byte.MAX_VALUE;
    }
  }

  /**
   * Affine quantization: {@code real = scale * (q - zeroPoint)}.
   *
   * @param scale the step, positive
   * @param zeroPoint the integer that represents 0
   */
  public record Affine(float scale, int zeroPoint) {
    /** Checks the scale. */
    public Affine {
      if (!(scale > 0) || Float.isInfinite(scale)) {
        throw new IllegalArgumentException("scale " + scale);
      }
    }
  }

  /** Float arithmetic. */
  public static final Quantization NONE = new Quantization(Arithmetic.FLOAT, Map.of(), Set.of());

  /** Integer kernels, float activations. */
  public static final Quantization DYNAMIC =
      new Quantization(Arithmetic.DYNAMIC, Map.of(), Set.of());

  /** Copies the collections, sorted by name, and checks them. */
  public Quantization {
    tensors = Collections.unmodifiableMap(new TreeMap<>(tensors));
    floatLayers = Collections.unmodifiableSet(new TreeSet<>(floatLayers));
    if (!arithmetic.integerActivations() && !tensors.isEmpty()) {
      throw new IllegalArgumentException("activations are floats in " + arithmetic);
    }
  }

  /**
   * Quantization parameters of a tensor.
   *
   * @throws DeepXrayException if the tensor was not calibrated
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

  /** Returns a copy with other float layers. */
  public Quantization withFloatLayers(Set<String> layers) {
    return new Quantization(arithmetic, tensors, layers);
  }

  /** Returns the part that belongs to the tensors of a network. */
  Quantization restrictedTo(Network network) {
    Map<String, Affine> kept = new TreeMap<>(tensors);
    kept.keySet().retainAll(network.tensors());
    Set<String> layers = new TreeSet<>(floatLayers);
    layers.retainAll(network.tensors());
    return new Quantization(arithmetic, kept, layers);
  }
}
