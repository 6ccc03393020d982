package io.github.deepxray.tensorflow;

import java.util.List;
import org.tensorflow.proto.ConfigProto;

/** What everything that runs a graph has in common. */
public final class Sessions {
  private Sessions() {}

  /**
   * The settings of every session. Threads work inside an operation, not on several at once: a
   * network is mostly a chain.
   *
   * <p>TensorFlow shares one pool of threads among all sessions of a process, and the first one
   * sets its size. Results may depend on that size in the last bits, so all sessions of a process
   * should ask for the same.
   *
   * @param threads how many threads one operation may use
   */
  public static ConfigProto config(int threads) {
    return ConfigProto.newBuilder()
        .setIntraOpParallelismThreads(threads)
        .setInterOpParallelismThreads(1)
        .build();
  }

  /** Checks a call of an engine. */
  static void check(boolean closed, List<Integer> shape, float[] examples, int count) {
    if (closed) {
      throw new IllegalStateException("the engine is closed");
    }
    long size = shape.stream().mapToLong(d -> d).reduce(1, Math::multiplyExact);
    if (count < 1 || examples.length != size * count) {
      throw new IllegalArgumentException(
          examples.length + " values for " + count + " examples of " + shape);
    }
  }
}
