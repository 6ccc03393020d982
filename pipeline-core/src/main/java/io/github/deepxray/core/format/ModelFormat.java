package io.github.deepxray.core.format;

import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.network.Model;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;

/**
 * Format of model files, provided by a library as a {@link java.util.ServiceLoader service}. {@link
 * ModelFormats} finds the formats; bundles can hold files of each.
 *
 * <p>All formats are instantiated to look one up: the class must not load a native library, nor
 * classes that need one, before a model is loaded or written.
 */
public interface ModelFormat {
  /** Name in lower case, such as {@code tflite}, unique among all formats. */
  String name();

  /** Whether a file or folder looks like a model of this format, even a damaged one. */
  boolean recognizes(Path model);

  /**
   * Loads a model.
   *
   * @param model the file or folder
   * @param threads number of threads of one call, at least 1
   * @throws io.github.deepxray.core.DeepXrayException if the model is damaged or cannot run
   * @throws IOException if the file cannot be read
   */
  InferenceEngine load(Path model, int threads) throws IOException;

  /**
   * Loads a model from a trusted source without security checks; some formats hold programs, which
   * may write files.
   *
   * @param model the file or folder
   * @param threads number of threads of one call, at least 1
   * @throws io.github.deepxray.core.DeepXrayException if the model is damaged or cannot run
   * @throws IOException if the file cannot be read
   */
  default InferenceEngine loadTrusted(Path model, int threads) throws IOException {
    return load(model, threads);
  }

  /**
   * Names of the classes by label stored in a model file; empty if the file holds none.
   *
   * @param model the file or folder
   */
  default List<String> labels(Path model) {
    return List.of();
  }

  /**
   * How an image becomes the model's input, as stored in a model file; empty if the file does not
   * record it.
   *
   * @param model the file or folder
   */
  default Optional<Fit> fit(Path model) {
    return Optional.empty();
  }

  /**
   * Whether one engine keeps all processor cores busy; otherwise several engines with one thread
   * each have a higher throughput, and latency is measured on one thread.
   */
  default boolean usesAllCores() {
    return false;
  }

  /**
   * Forms that this format adds to bundles, in the order of reports; none if the format can only be
   * read.
   */
  default List<ModelForm> forms() {
    return List.of();
  }

  /** Whether bundles contain this format by default. */
  default boolean isDefault() {
    return false;
  }

  /**
   * Writes one of the forms; equal models give equal bytes.
   *
   * @param model the model that the form's kind describes
   * @param notes the metadata of the file
   * @param target the file or folder
   * @throws io.github.deepxray.core.DeepXrayException if this format cannot represent the model
   * @throws IOException if the file cannot be written
   */
  default void write(Model model, ModelNotes notes, Path target) throws IOException {
    throw new UnsupportedOperationException(name() + " models cannot be written");
  }

  /**
   * Copies a file of the quantize stage into a bundle and adds metadata.
   *
   * @param quantized the file without metadata
   * @param notes the metadata of the file
   * @param target the file in the bundle
   * @throws IOException if a file cannot be read or written
   */
  default void copy(Path quantized, ModelNotes notes, Path target) throws IOException {
    Files.copy(quantized, target, StandardCopyOption.REPLACE_EXISTING);
  }
}
