package io.github.deepxray.core.format;

import io.github.deepxray.core.engine.InferenceEngine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Format of model files. A library offers one as a {@link java.util.ServiceLoader service}; {@link
 * ModelFormats} finds it, and bundles may then hold such files.
 *
 * <p>All formats are made to look for one: the class loads neither a native library nor classes
 * that need one before a model is loaded or written.
 */
public interface ModelFormat {
  /** The name in lower case, such as {@code tflite}; no two formats have the same. */
  String name();

  /** Whether a file or folder looks like one of this format, damaged or not. */
  boolean recognizes(Path model);

  /**
   * Loads a model.
   *
   * @param model the file or folder
   * @param threads how many threads one call may use, at least 1
   * @throws io.github.deepxray.core.DeepXrayException if it is damaged or cannot be run
   * @throws IOException if it cannot be read
   */
  InferenceEngine load(Path model, int threads) throws IOException;

  /**
   * Loads a model from somebody who is trusted, without the checks of what it may do: some formats
   * hold programs, which may write files.
   *
   * @param model the file or folder
   * @param threads how many threads one call may use, at least 1
   * @throws io.github.deepxray.core.DeepXrayException if it is damaged or cannot be run
   * @throws IOException if it cannot be read
   */
  default InferenceEngine loadTrusted(Path model, int threads) throws IOException {
    return load(model, threads);
  }

  /**
   * The names of the classes by label, if a file of this format holds them; else none.
   *
   * @param model the file or folder
   */
  default List<String> labels(Path model) {
    return List.of();
  }

  /**
   * Whether one engine keeps all processor cores busy; otherwise several engines of one thread each
   * do more, and their speed on one thread is measured.
   */
  default boolean usesAllCores() {
    return false;
  }

  /** What it puts into bundles, in the order of reports; none if it is only read. */
  default List<ModelForm> forms() {
    return List.of();
  }
}
