package io.github.deepxray.tensorflow.internal;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.engine.NativeLibrary;
import java.util.List;
import java.util.Locale;
import org.bytedeco.javacpp.Loader;
import org.tensorflow.Graph;
import org.tensorflow.TensorFlow;
import org.tensorflow.proto.ConfigProto;

/** Common helpers for graphs and sessions. */
public final class Sessions {
  /** Reading the version makes TensorFlow load its library. */
  static final NativeLibrary LIBRARY =
      new NativeLibrary("TensorFlow", TensorFlow::version, Loader::getCacheDir);

  private Sessions() {}

  /**
   * Creates an empty graph, which the caller closes.
   *
   * @throws DeepXrayException if TensorFlow's library cannot be loaded, or cannot name operations
   *     in the default locale
   */
  public static Graph graph() {
    LIBRARY.require();
    // TensorFlow Java formats operation numbers in the default locale, and rejects digits other
    // than 0 to 9.
    Locale locale = Locale.getDefault(Locale.Category.FORMAT);
    if (!String.format(locale, "%d", 1).equals("1")) {
      throw new DeepXrayException(
          ("TensorFlow Java cannot name its operations in the locale %s, which has other "
                  + "digits than 0 to 9; start Java with -Duser.language.format=en "
                  + "-Duser.script.format= -Duser.extensions.format=, or call "
                  + "Locale.setDefault(Locale.Category.FORMAT, Locale.ROOT).")
              .formatted(locale));
    }
    return new Graph();
  }

  /**
   * Configuration of every session. Threads work inside an operation, not on several operations,
   * since a network is mostly a chain.
   *
   * <p>All sessions of a process share one pool of threads, whose size is set by the first one.
   * Results may depend on that size in the last bits, so all sessions of a process should use the
   * same.
   *
   * @param threads number of threads of one operation
   */
  public static ConfigProto config(int threads) {
    return ConfigProto.newBuilder()
        .setIntraOpParallelismThreads(threads)
        .setInterOpParallelismThreads(1)
        .build();
  }

  /** Checks the inputs of an engine. */
  static void check(List<Integer> shape, float[] examples, int count) {
    long size = shape.stream().mapToLong(d -> d).reduce(1, Math::multiplyExact);
    if (count < 1 || examples.length != size * count) {
      throw new IllegalArgumentException(
          examples.length + " values for " + count + " examples of " + shape);
    }
  }
}
