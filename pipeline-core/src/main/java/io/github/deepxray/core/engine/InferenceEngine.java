package io.github.deepxray.core.engine;

import io.github.deepxray.core.internal.engine.EnginePool;
import java.util.List;
import java.util.Optional;

/**
 * Runs a model on batches of examples. An engine holds native memory and must be closed.
 *
 * <p>Any number of threads may call an engine: what its library cannot do at once is done one after
 * another, in the order in which it came. To use all cores take several engines of the model, as
 * {@link EnginePool} does.
 */
public interface InferenceEngine extends AutoCloseable {
  /** The input's shape without the batch dimension, such as {@code [224, 224, 3]}. */
  List<Integer> inputShape();

  /** The shape of each output without the batch dimension, in the order of the model's outputs. */
  List<List<Integer>> outputShapes();

  /** The batch size at which the engine does most per second. */
  int preferredBatch();

  /** How many engines of this kind, side by side, keep so many processor cores busy. */
  default int parallelEngines(int cores) {
    return cores;
  }

  /**
   * Makes another engine of the same model, which shares with this one what does not change, such
   * as the content of the file. Either may be closed first.
   *
   * @return empty if the engine cannot do that, as those that do not say otherwise
   * @throws io.github.deepxray.core.DeepXrayException if there is no memory for it
   * @throws IllegalStateException if this one is closed
   */
  default Optional<InferenceEngine> another() {
    return Optional.empty();
  }

  /**
   * Runs the model.
   *
   * @param input the examples one after the other, row-major; images are RGB {@code [H, W, C]} with
   *     values 0..255; it must not change before the call returns
   * @param count how many examples there are, at least 1
   * @return for each output the values of all examples, one after the other
   * @throws IllegalArgumentException if {@code input} does not hold {@code count} examples
   * @throws IllegalStateException if the engine is closed
   * @throws io.github.deepxray.core.internal.concurrent.WorkInterruptedException if the thread is
   *     interrupted while it waits or works; a native call is not cut short
   */
  float[][] run(float[] input, int count);

  /**
   * Waits for the calls that run and frees the native memory; further calls, from whatever thread,
   * do nothing but wait for the first.
   */
  @Override
  void close();
}
