package io.github.deepxray.classify;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.engine.ModelFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** The deployable forms of a classifier in a bundle. */
public enum Artifact {
  /** TensorFlow's SavedModel. */
  SAVED_MODEL("saved_model", Bundle.SAVED_MODEL),
  /** TFLite with 32-bit float weights. */
  FLOAT32("float32", Bundle.TFLITE_FLOAT32),
  /** TFLite with 16-bit float weights. */
  FLOAT16("float16", "model-float16.tflite"),
  /** TFLite with 8-bit weights that are turned into floats when it is loaded. */
  WEIGHTS("int8-weights", "model-int8-weights.tflite"),
  /** TFLite with 8-bit weights and activations quantized on the fly. */
  DYNAMIC("dynamic", Bundle.TFLITE_DYNAMIC),
  /** TFLite in 8-bit integers. */
  INT8("int8", "model-int8.tflite"),
  /** TFLite with 8-bit weights and 16-bit activations. */
  INT16X8("int16x8", "model-int16x8.tflite");

  private final String key;
  private final String path;

  Artifact(String key, String path) {
    this.key = key;
    this.path = path;
  }

  /** The name in options and reports. */
  public String key() {
    return key;
  }

  /**
   * The artifact of that name.
   *
   * @throws DeepXrayException if there is none
   */
  public static Artifact of(String key) {
    return Arrays.stream(values())
        .filter(artifact -> artifact.key.equals(key))
        .findFirst()
        .orElseThrow(
            () ->
                new DeepXrayException(
                    "There is no artifact " + key + "; choose one of " + keys() + "."));
  }

  /** The names of all. */
  public static String keys() {
    return Arrays.stream(values()).map(Artifact::key).collect(Collectors.joining(", "));
  }

  /** The file or folder in a bundle. */
  public String path() {
    return path;
  }

  /** How far it may be from the trained model, unless somebody says otherwise. */
  public Limits limits() {
    return switch (this) {
      case SAVED_MODEL, FLOAT32 -> Limits.ROUNDING;
      case FLOAT16, WEIGHTS, DYNAMIC, INT8, INT16X8 -> Limits.QUANTIZATION;
    };
  }

  /** What kind of file it is. */
  public ModelFormat format() {
    return switch (this) {
      case SAVED_MODEL -> ModelFormat.SAVED_MODEL;
      case FLOAT32, FLOAT16, WEIGHTS, DYNAMIC, INT8, INT16X8 -> ModelFormat.TFLITE;
    };
  }

  /** Whether running it needs TensorFlow's native library. */
  public boolean needsTensorFlow() {
    return format() == ModelFormat.SAVED_MODEL;
  }

  /** Whether a bundle holds it. */
  public boolean isIn(Bundle bundle) {
    return Files.exists(bundle.folder().resolve(path));
  }

  /** Those that a bundle holds. */
  public static List<Artifact> in(Bundle bundle) {
    return Arrays.stream(values()).filter(artifact -> artifact.isIn(bundle)).toList();
  }

  /**
   * Loads the artifact of a bundle.
   *
   * @param threads how many threads one call may use
   * @throws DeepXrayException if the bundle has none, it is damaged, or the library that runs it is
   *     not on the class path
   * @throws IOException if it cannot be read
   */
  public InferenceEngine load(Bundle bundle, int threads) throws IOException {
    Path file = bundle.folder().resolve(path);
    if (!isIn(bundle)) {
      throw new DeepXrayException(
          bundle.folder()
              + " has no "
              + path
              + "; it has "
              + in(bundle).stream().map(Artifact::key).collect(Collectors.joining(", "))
              + ".");
    }
    return format().load(file, threads);
  }
}
