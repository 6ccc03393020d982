package io.github.deepxray.core.engine;

import java.util.List;

/**
 * Runs a model on batches of examples. An engine holds native memory and must be closed; it is used
 * by one thread at a time. Several engines of one model run side by side.
 */
public interface InferenceEngine extends AutoCloseable {
  /** The input's shape without the batch dimension, such as {@code [224, 224, 3]}. */
  List<Integer> inputShape();

  /** The shape of each output without the batch dimension, in the order of the model's outputs. */
  List<List<Integer>> outputShapes();

  /** The batch size at which the engine does most per second. */
  int preferredBatch();

  /**
   * Runs the model.
   *
   * @param input the examples one after the other, row-major; images are RGB {@code [H, W, C]} with
   *     values 0..255
   * @param count how many examples there are, at least 1
   * @return for each output the values of all examples, one after the other
   * @throws IllegalArgumentException if {@code input} does not hold {@code count} examples
   */
  float[][] run(float[] input, int count);

  /** Frees the native memory; further calls do nothing. */
  @Override
  void close();
}
