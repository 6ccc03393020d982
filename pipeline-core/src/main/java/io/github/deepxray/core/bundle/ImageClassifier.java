package io.github.deepxray.core.bundle;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.image.Resizer;
import io.github.deepxray.core.image.RgbImage;
import java.nio.file.Path;
import java.util.List;

/**
 * Classifies images with an engine, which it closes with itself. Used by one thread at a time, as
 * the engine is.
 */
public final class ImageClassifier implements AutoCloseable {
  private final InferenceEngine engine;
  private final List<String> labels;
  private final double threshold;
  private final float[] input;

  private ImageClassifier(InferenceEngine engine, List<String> labels, double threshold) {
    this.engine = engine;
    this.labels = List.copyOf(labels);
    this.threshold = threshold;
    this.input = new float[engine.inputShape().stream().reduce(1, Math::multiplyExact)];
  }

  /**
   * Takes an engine over; it is closed if it is refused.
   *
   * @param engine turns an RGB image {@code [H, W, 3]} with values 0..255 into one probability
   * @param labels the names of the two classes
   * @param threshold from which probability on to decide for the second
   * @param model where the engine comes from, for messages
   * @throws DeepXrayException if the engine does something else, or there are not two labels
   */
  public static ImageClassifier of(
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
    return new ImageClassifier(engine, labels, threshold);
  }

  /**
   * Refuses an engine that does not turn an RGB image into one probability.
   *
   * @param model where the engine comes from, for the message
   * @throws DeepXrayException if it does something else
   */
  public static void requireClassifier(InferenceEngine engine, Path model) {
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
    return decide(engine.run(input, 1)[0][0]);
  }

  /**
   * Decides by the threshold.
   *
   * @param probability what the engine gave
   * @throws DeepXrayException if that is no probability
   */
  public Prediction decide(double probability) {
    if (!(probability >= 0 && probability <= 1)) {
      throw new DeepXrayException(
          "The model gives " + probability + ", which is no probability; export it again.");
    }
    return new Prediction(labels.get(probability >= threshold ? 1 : 0), probability, threshold);
  }

  @Override
  public void close() {
    engine.close();
  }
}
