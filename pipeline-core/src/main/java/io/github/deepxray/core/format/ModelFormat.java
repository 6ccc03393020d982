package io.github.deepxray.core.format;

import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.network.Model;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
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

  /** Whether a bundle gets these forms if nobody says which formats it is to have. */
  default boolean isDefault() {
    return false;
  }

  /**
   * Writes one of the forms; the same model gives the same bytes.
   *
   * @param model what the form's kind says
   * @param notes what to say of it
   * @param target the file or folder
   * @throws io.github.deepxray.core.DeepXrayException if the model cannot be of this format
   * @throws IOException if it cannot be written
   */
  default void write(Model model, ModelNotes notes, Path target) throws IOException {
    throw new UnsupportedOperationException(name() + " is not written");
  }

  /**
   * Puts what the quantize stage has made into a bundle.
   *
   * @param quantized the file, which says nothing of itself
   * @param notes what to say of it
   * @param target the file in the bundle
   * @throws IOException if it cannot be read or written
   */
  default void copy(Path quantized, ModelNotes notes, Path target) throws IOException {
    Files.copy(quantized, target, StandardCopyOption.REPLACE_EXISTING);
  }
}
