package io.github.deepxray.core.engine;

import io.github.deepxray.core.DeepXrayException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** The formats of model files, each run by a library that may or may not be on the class path. */
public enum ModelFormat {
  /** TensorFlow Lite's flatbuffer, one file. */
  TFLITE(ModelLoader.TfLite.class, "TensorFlow Lite", "deepxray-pipeline-tflite"),
  /** TensorFlow's SavedModel, a folder. */
  SAVED_MODEL(ModelLoader.SavedModel.class, "TensorFlow", "deepxray-pipeline-tensorflow");

  // One service for each format: looking for one must not load the classes of another.
  private final Class<? extends ModelLoader> service;
  private final String library;
  private final String module;

  ModelFormat(Class<? extends ModelLoader> service, String library, String module) {
    this.service = service;
    this.library = library;
    this.module = module;
  }

  /** Whether the library that runs it is on the class path. */
  public boolean supported() {
    return Services.first(service).isPresent();
  }

  /**
   * Loads a model.
   *
   * @param model the file or folder
   * @param threads how many threads one call may use, at least 1
   * @throws DeepXrayException if it is damaged or cannot be run, or the library is missing
   * @throws IOException if it cannot be read
   */
  public InferenceEngine load(Path model, int threads) throws IOException {
    return loader(model).load(model, threads);
  }

  /**
   * Loads a model from somebody who is trusted: a SavedModel is a program, which may have
   * operations that write files.
   *
   * @param model the file or folder
   * @param threads how many threads one call may use, at least 1
   * @throws DeepXrayException as {@link #load}, but for operations that are not exported
   * @throws IOException if it cannot be read
   */
  public InferenceEngine loadTrusted(Path model, int threads) throws IOException {
    return loader(model).loadTrusted(model, threads);
  }

  /**
   * The names of the classes by label, if the model holds them; else none.
   *
   * @param model the file or folder
   * @throws DeepXrayException if the library is missing
   */
  public List<String> labels(Path model) {
    return loader(model).labels(model);
  }

  private ModelLoader loader(Path model) {
    return Services.first(service)
        .orElseThrow(
            () ->
                new DeepXrayException(
                    model
                        + " needs "
                        + library
                        + ", which is not here; choose another form or add "
                        + module
                        + " to the class path."));
  }
}
