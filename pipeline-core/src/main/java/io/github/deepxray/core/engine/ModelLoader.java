package io.github.deepxray.core.engine;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Loads model files of one format. A library that can do so offers an implementation as a {@link
 * java.util.ServiceLoader service} of the interface of its format; {@link ModelFormat} finds it.
 */
public interface ModelLoader {
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
   * Loads a model from somebody who is trusted, without the checks of what it may do.
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

  /** Loads {@code .tflite} files. */
  interface TfLite extends ModelLoader {}

  /** Loads the version folders of SavedModels. */
  interface SavedModel extends ModelLoader {}
}
