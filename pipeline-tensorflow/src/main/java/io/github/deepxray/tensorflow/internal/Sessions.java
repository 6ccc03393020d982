package io.github.deepxray.tensorflow.internal;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.engine.NativeLibrary;
import java.util.List;
import java.util.Locale;
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
   * @throws DeepXrayException if TensorFlow's library cannot be loaded, or could not name its
   *     operations
   */
  public static Graph graph() {
    LIBRARY.require();
    // TensorFlow Java numbers operations in the default locale, whose digits it refuses then.
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
