package io.github.deepxray.classify;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.format.ModelFormat;
import io.github.deepxray.core.format.ModelFormats;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.image.HeatMap;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.internal.engine.EnginePool;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Explains single images with a model of two outputs: the probability of the second of two classes,
 * {@code [1]}, or of each of more classes, {@code [K]}; and a heat map {@code [h, w, 1]} of the
 * importance of each part of the image for the second of two classes or the most probable of more.
 * Safe for use by many threads, see {@link EnginePool}.
 */
public final class Explainer implements AutoCloseable {
  private final EnginePool engines;
  private final Fit fit;
  private final int height;
  private final int width;

  /**
   * Explanation of an image.
   *
   * @param probability the probability of the second of two classes, or of the most probable of
   *     more, 0..1
   * @param heatMap the importance of each part of the region for that class; not normalized
   * @param region the part of the image that became the model's input
   */
  public record Explanation(double probability, HeatMap heatMap, Fit.Region region) {}

  /**
   * Opens an explaining model, with one thread per call.
   *
   * @param file such as {@value Bundle#EXPLAIN} of a bundle; its bundle or the file records the fit
   *     of images, else they are stretched
   * @throws DeepXrayException if the model is damaged, or has another input or other outputs
   * @throws IOException if the file cannot be read
   */
  public static Explainer open(Path file) throws IOException {
    ModelFormat format = ModelFormats.require("tflite", file);
    Fit fit = Classifier.fit(file, format);
    return new Explainer(format.load(file, 1), fit, file.toString());
  }

  /**
   * Creates an explainer that owns the engine.
   *
   * @param engine runs the model on RGB images {@code [H, W, 3]}
   * @param fit how an image becomes the engine's input
   * @param source the source of the model, for messages
   * @throws DeepXrayException if the model has another input or other outputs; the engine is then
   *     closed
   */
  public Explainer(InferenceEngine engine, Fit fit, String source) {
    List<Integer> shape = engine.inputShape();
    List<List<Integer>> outputs = engine.outputShapes();
    if (shape.size() != 3
        || shape.get(2) != 3
        || outputs.size() != 2
        || outputs.get(0).size() != 1
        || outputs.get(1).size() != 3
        || outputs.get(1).get(2) != 1) {
      engine.close();
      throw new DeepXrayException(
          source
              + " reads "
              + shape
              + " and writes "
              + outputs
              + "; an explaining model reads [H, W, 3] and writes [[1], [h, w, 1]], or"
              + " [[K], [h, w, 1]] for K classes.");
    }
    this.fit = fit;
    height = outputs.get(1).get(0);
    width = outputs.get(1).get(1);
    engines = new EnginePool(engine, "the explainer");
  }

  /**
   * Explains an image of any size.
   *
   * @throws DeepXrayException if an output is no probability or no heat map
   * @throws io.github.deepxray.core.internal.concurrent.WorkInterruptedException if the thread is
   *     interrupted while it waits or works
   * @throws IllegalStateException if the explainer is closed
   */
  public Explanation explain(RgbImage image) {
    List<Integer> shape = engines.inputShape();
    float[][] outputs =
        engines.run(input -> fit.apply(image, shape.get(0), shape.get(1)).copyTo(input, 0));
    double probability = 0;
    for (float score : outputs[0]) {
      if (!(score >= 0 && score <= 1)) {
        throw new DeepXrayException(
            "The model's output " + (double) score + " is not a probability; export it again.");
      }
      probability = Math.max(probability, score);
    }
    try {
      return new Explanation(
          probability,
          HeatMap.of(height, width, outputs[1]),
          fit.region(image, shape.get(0), shape.get(1)));
    } catch (IllegalArgumentException e) {
      throw new DeepXrayException(
          "The model's output is not a heat map (" + e.getMessage() + "); export it again.", e);
    }
  }

  /** Waits for running calls, then frees the engines. */
  @Override
  public void close() {
    engines.close();
  }
}
