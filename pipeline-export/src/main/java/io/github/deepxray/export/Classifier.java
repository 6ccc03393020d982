package io.github.deepxray.export;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.Resizer;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.tensorflow.SavedModelEngine;
import io.github.deepxray.tflite.TfLiteEngine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Classifies single images with a deployed model: a bundle, a {@code .tflite} file or a SavedModel.
 * TensorFlow's native library is loaded for a SavedModel only. Used by one thread at a time.
 */
public final class Classifier implements AutoCloseable {
  private final InferenceEngine engine;
  private final List<String> labels;
  private final double threshold;
  private final float[] input;

  private Classifier(InferenceEngine engine, List<String> labels, double threshold) {
    this.engine = engine;
    this.labels = List.copyOf(labels);
    this.threshold = threshold;
    this.input = new float[engine.inputShape().stream().reduce(1, Math::multiplyExact)];
  }

  /**
   * What the model says about an image.
   *
   * @param label the class it decides for
   * @param probability of the second class, pneumonia, 0..1
   * @param threshold from which probability on it decides for that class
   */
  public record Prediction(String label, double probability, double threshold) {}

  /**
   * Loads a model.
   *
   * @param model a bundle, a {@code .tflite} file or a SavedModel folder
   * @param artifact which form in a bundle to use
   * @param threshold from which probability on to decide for pneumonia; if empty, the one chosen on
   *     validation for a bundle, 0.5 otherwise
   * @param threads how many threads one call may use
   * @throws DeepXrayException if it is none of these, damaged, or no classifier of RGB images with
   *     one output
   * @throws IOException if it cannot be read
   */
  public static Classifier load(
      Path model, Artifact artifact, OptionalDouble threshold, int threads) throws IOException {
    if (!Files.exists(model)) {
      throw new NoSuchFileException(model.toString(), null, "no such model");
    }
    List<String> labels = Arrays.stream(Label.values()).map(Label::name).toList();
    if (Files.isRegularFile(model)) {
      return of(
          TfLiteEngine.load(model, TfLiteEngine.Options.DEFAULT.withThreads(threads)),
          labels,
          threshold.orElse(0.5),
          model);
    } else if (Bundle.isBundle(model)) {
      Bundle bundle = Bundle.open(model);
      double chosen = threshold.isPresent() ? threshold.getAsDouble() : bundle.threshold(artifact);
      // Read before the engine is there, which a failure would leave open.
      List<String> names = bundle.labels();
      return of(artifact.load(bundle, threads), names, chosen, model);
    } else if (Files.isRegularFile(model.resolve("saved_model.pb"))) {
      return of(new SavedModelEngine(model, threads), labels, threshold.orElse(0.5), model);
    }
    throw new DeepXrayException(
        model
            + " is neither a bundle nor a SavedModel nor a .tflite file; give a folder with "
            + Bundle.CHECKSUMS
            + " or saved_model.pb, or a file.");
  }

  private static Classifier of(
      InferenceEngine engine, List<String> labels, double threshold, Path model) {
    try {
      requireClassifier(engine, model);
      if (labels.size() != 2) {
        throw new DeepXrayException(
            model.resolve(Bundle.LABELS)
                + " names "
                + labels.size()
                + " classes, not 2; export the bundle again.");
      }
    } catch (DeepXrayException e) {
      engine.close();
      throw e;
    }
    return new Classifier(engine, labels, threshold);
  }

  /** Refuses an engine that does not turn an RGB image into one probability. */
  static void requireClassifier(InferenceEngine engine, Path model) {
    List<Integer> shape = engine.inputShape();
    List<List<Integer>> outputs = engine.outputShapes();
    if (shape.size() != 3
        || shape.get(2) != 3
        || outputs.size() != 1
        || outputs.get(0).stream().reduce(1, Math::multiplyExact) != 1) {
      throw new DeepXrayException(
          model
              + " reads "
              + shape
              + " and writes "
              + outputs
              + "; a classifier of this project reads [H, W, 3] and writes [[1]].");
    }
  }

  /** From which probability on it decides for the second class. */
  public double threshold() {
    return threshold;
  }

  /** The class names by label. */
  public List<String> labels() {
    return labels;
  }

  /**
   * Classifies an image of any size.
   *
   * @throws DeepXrayException if the model gives no probability for it
   */
  public Prediction classify(RgbImage image) {
    Resizer.resize(image, engine.inputShape().get(0), engine.inputShape().get(1)).copyTo(input, 0);
    double probability = engine.run(input, 1)[0][0];
    if (!(probability >= 0 && probability <= 1)) {
      throw new DeepXrayException(
          "The model gives " + probability + ", which is no probability; export it again.");
    }
    return new Prediction(labels.get(probability >= threshold ? 1 : 0), probability, threshold);
  }

  /**
   * Classifies a JPEG or PNG file.
   *
   * @throws DeepXrayException if it cannot be decoded
   * @throws IOException if it cannot be read
   */
  public Prediction classify(Path file) throws IOException {
    return classify(ImageCodec.decode(Files.readAllBytes(file), file.toString()));
  }

  @Override
  public void close() {
    engine.close();
  }
}
