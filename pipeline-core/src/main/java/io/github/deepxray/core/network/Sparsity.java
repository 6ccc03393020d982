package io.github.deepxray.core.network;

import io.github.deepxray.core.weights.Int8Tensor;
import io.github.deepxray.core.weights.Tensor;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * How many of a model's weights are not zero.
 *
 * @param weights the number of values of all weights
 * @param nonZero how many of them are not zero
 * @param tensors the same by the name of each weight
 */
public record Sparsity(long weights, long nonZero, Map<String, Count> tensors) {

  /**
   * The values of one weight.
   *
   * @param weights their number
   * @param nonZero how many of them are not zero
   */
  public record Count(long weights, long nonZero) {
    /** Checks the numbers. */
    public Count {
      if (nonZero < 0 || nonZero > weights) {
        throw new IllegalArgumentException(nonZero + " of " + weights + " weights cannot be");
      }
    }

    /** The share of zeros, 0..1. */
    public double sparsity() {
      return weights == 0 ? 0 : 1 - (double) nonZero / weights;
    }
  }

  /** Copies and sorts by name. */
  public Sparsity {
    tensors = Collections.unmodifiableMap(new TreeMap<>(tensors));
  }

  /** Counts. */
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
      // A tiny scale could make a float of 0 out of an integer that is stored as something else.
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

  /** All values together. */
  public Count total() {
    return new Count(weights, nonZero);
  }

  /** The share of zeros among all values, 0..1. */
  public double sparsity() {
    return total().sparsity();
  }
}
