package io.github.deepxray.core.engine;

import io.github.deepxray.core.internal.engine.EnginePool;
import java.util.List;
import java.util.Optional;

/**
 * Runs a model on batches of examples. An engine holds native memory and must be closed.
 *
 * <p>Any number of threads may call an engine: calls that the library cannot run in parallel run
 * one after another, in the order of arrival. To use all cores, create several engines of the
 * model, as {@link EnginePool} does.
 */
public interface InferenceEngine extends AutoCloseable {
  /** Shape of the input without the batch dimension, such as {@code [224, 224, 3]}. */
  List<Integer> inputShape();

  /** Shape of each output without the batch dimension, in the order of the model's outputs. */
  List<List<Integer>> outputShapes();

  /** Batch size with the highest throughput. */
  int preferredBatch();

  /** Recommended number of parallel engines of this kind for a number of processor cores. */
  default int parallelEngines(int cores) {
    return cores;
  }

  /**
   * Creates another engine of the same model, which shares immutable data with this one, such as
   * the content of the file. Either may be closed first.
   *
   * @return empty if the engine does not support it, the default
   * @throws io.github.deepxray.core.DeepXrayException if there is not enough memory
   * @throws IllegalStateException if this one is closed
   */
  default Optional<InferenceEngine> another() {
    return Optional.empty();
  }

  /**
   * Runs the model on a batch.
   *
   * @param input the examples one after the other, row-major; images are RGB {@code [H, W, C]} with
   *     values 0..255; it must not change before the call returns
   * @param count the number of examples, at least 1
   * @return for each output the values of all examples, one after the other
   * @throws IllegalArgumentException if {@code input} does not hold {@code count} examples
   * @throws IllegalStateException if the engine is closed
   * @throws io.github.deepxray.core.internal.concurrent.WorkInterruptedException if the thread is
   *     interrupted while it waits or works; a native call is not cut short
   */
  float[][] run(float[] input, int count);

  /**
   * Waits for running calls and frees the native memory. Further calls from any thread only wait
   * for the first.
   */
  @Override
  void close();
}
