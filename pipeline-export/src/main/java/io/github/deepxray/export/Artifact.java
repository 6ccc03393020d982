package io.github.deepxray.export;

import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.tensorflow.SavedModelEngine;
import io.github.deepxray.tflite.TfLiteEngine;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The deployable forms of a classifier in a bundle, and how close each must be to the trained one.
 */
public enum Artifact {
  /** TensorFlow's SavedModel. */
  SAVED_MODEL("saved_model", Bundle.SAVED_MODEL),
  /** TFLite with 32-bit float weights. */
  FLOAT32("float32", Bundle.TFLITE_FLOAT32),
  /** TFLite with 8-bit weights. */
  DYNAMIC("dynamic", Bundle.TFLITE_DYNAMIC);

  /**
   * How far an artifact may be from the trained model on the same images.
   *
   * @param probability the largest difference of a probability
   * @param auc the difference of the area under the ROC curve
   * @param accuracy the difference of the accuracy at the default threshold, or what chance does in
   *     a small test split if that is more
   */
  public record Tolerance(double probability, double auc, double accuracy) {
    /** The same arithmetic in another order. */
    static final Tolerance ROUNDING = new Tolerance(1e-3, 5e-4, 4e-3);

    /** Weights rounded to 8 bits. */
    static final Tolerance QUANTIZATION = new Tolerance(0.15, 5e-3, 1.5e-2);
  }

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

  /** The file or folder in a bundle. */
  public String path() {
    return path;
  }

  /** How far it may be from the trained model. */
  public Tolerance tolerance() {
    return this == DYNAMIC ? Tolerance.QUANTIZATION : Tolerance.ROUNDING;
  }

  /** Whether running it needs TensorFlow's native library. */
  public boolean needsTensorFlow() {
    return this == SAVED_MODEL;
  }

  /**
   * Loads the artifact of a bundle.
   *
   * @param threads how many threads one call may use
   * @throws io.github.deepxray.core.DeepXrayException if it is damaged
   * @throws IOException if it cannot be read
   */
  public InferenceEngine load(Bundle bundle, int threads) throws IOException {
    Path file = bundle.folder().resolve(path);
    return needsTensorFlow()
        ? new SavedModelEngine(file, threads)
        : TfLiteEngine.load(file, TfLiteEngine.Options.DEFAULT.withThreads(threads));
  }
}
