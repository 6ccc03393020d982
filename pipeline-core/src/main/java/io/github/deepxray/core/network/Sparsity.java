package io.github.deepxray.core.network;

import io.github.deepxray.core.weights.Int8Tensor;
import io.github.deepxray.core.weights.Tensor;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * Number of zero and non-zero values of a model's weights.
 *
 * @param weights the number of values of all weights
 * @param nonZero the number of non-zero values
 * @param tensors the counts by the name of each weight
 */
public record Sparsity(long weights, long nonZero, Map<String, Count> tensors) {

  /**
   * Counts of one weight.
   *
   * @param weights the number of values
   * @param nonZero the number of non-zero values
   */
  public record Count(long weights, long nonZero) {
    /** Checks the numbers. */
    public Count {
      if (nonZero < 0 || nonZero > weights) {
        throw new IllegalArgumentException(nonZero + " of " + weights + " weights cannot be");
      }
    }

    /** Share of zeros, 0..1. */
    public double sparsity() {
      return weights == 0 ? 0 : 1 - (double) nonZero / weights;
    }
  }

  /** Copies the map, sorted by name. */
  public Sparsity {
    tensors = Collections.unmodifiableMap(new TreeMap<>(tensors));
  }

  /** Counts the values of a model. */
  public static Sparsity of(Model model) {
    Map<String, Count> tensors = new TreeMap<>();
    long weights = 0;
    long nonZero = 0;
    for (Map.Entry<String, Tensor> entry : model.weights().asMap().entrySet()) {
      Count count = new Count(entry.getValue().size(), nonZero(entry.getValue()));
      tensors.put(entry.getKey(), count);
      weights += count.weights();
      nonZero += count.nonZero();
    }
    return new Sparsity(weights, nonZero, tensors);
  }

  private static long nonZero(Tensor tensor) {
    long count = 0;
    if (tensor instanceof Int8Tensor quantized) {
      // Counts stored integers: a tiny scale could make 0 of a non-zero integer in floats.
      ByteBuffer values = quantized.asBuffer();
      while (values.hasRemaining()) {
        count += values.get() == 0 ? 0 : 1;
      }
      return count;
    }
    for (float value : tensor.toFloats()) {
      count += value == 0 ? 0 : 1;
    }
    return count;
  }

  /** Counts of all weights together. */
  public Count total() {
    return new Count(weights, nonZero);
  }

  /** Share of zeros among all values, 0..1. */
  public double sparsity() {
    return total().sparsity();
  }
}
