package io.github.deepxray.tensorflow;

import io.github.deepxray.core.engine.NativeLibrary;
import java.util.List;
import org.bytedeco.javacpp.Loader;
import org.tensorflow.Graph;
import org.tensorflow.TensorFlow;
import org.tensorflow.proto.ConfigProto;

/** What everything that runs a graph has in common. */
public final class Sessions {
  /** TensorFlow loads itself when its version is asked for. */
  static final NativeLibrary LIBRARY =
      new NativeLibrary("TensorFlow", TensorFlow::version, Loader::getCacheDir);

  private Sessions() {}

  /**
   * An empty graph, which the caller closes.
   *
   * @throws io.github.deepxray.core.DeepXrayException if TensorFlow's library cannot be loaded
   */
  public static Graph graph() {
    LIBRARY.require();
    return new Graph();
  }

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

  /** Checks what an engine is given. */
  static void check(List<Integer> shape, float[] examples, int count) {
    long size = shape.stream().mapToLong(d -> d).reduce(1, Math::multiplyExact);
    if (count < 1 || examples.length != size * count) {
      throw new IllegalArgumentException(
          examples.length + " values for " + count + " examples of " + shape);
    }
  }
}
