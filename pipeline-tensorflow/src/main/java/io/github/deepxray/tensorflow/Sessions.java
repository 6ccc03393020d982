package io.github.deepxray.tensorflow;

import java.util.List;
import org.tensorflow.proto.ConfigProto;

/** What the engines of this package have in common. */
final class Sessions {
  private Sessions() {}

  /** Threads work inside an operation, not on several at once: a network is mostly a chain. */
  static ConfigProto config(int threads) {
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
