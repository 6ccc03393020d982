package io.github.deepxray.classify;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.format.ModelFormats;
import io.github.deepxray.core.image.HeatMap;
import io.github.deepxray.core.image.Resizer;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.internal.engine.EnginePool;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Explains single images with a model that gives two outputs: the probability of the second of two
 * classes, {@code [1]}, or those of all of more, {@code [K]}; and a heat map {@code [h, w, 1]} of
 * where the image speaks for the second of two classes or the most probable of more. Any number of
 * threads may share it, see {@link EnginePool}.
 */
public final class Explainer implements AutoCloseable {
  private final EnginePool engines;
  private final int height;
  private final int width;

  /**
   * What the model says about an image, and why.
   *
   * @param probability of the second of two classes, or of the most probable of more, 0..1
   * @param heatMap what speaks for that class, over the whole image; not normalized
   */
  public record Explanation(double probability, HeatMap heatMap) {}

  /**
   * Opens a model that explains, with one thread a call.
   *
   * @param file such as {@value Bundle#EXPLAIN} of a bundle
   * @throws DeepXrayException if it is damaged, or has another input or other outputs
   * @throws IOException if it cannot be read
   */
  public static Explainer open(Path file) throws IOException {
    return new Explainer(ModelFormats.require("tflite", file).load(file, 1), file.toString());
  }

  /**
   * Takes an engine over; closing this closes it.
   *
   * @param engine runs the model on RGB images {@code [H, W, 3]}
   * @param source where the model comes from, for messages
   * @throws DeepXrayException if the model has another input or other outputs; the engine is then
   *     closed
   */
  public Explainer(InferenceEngine engine, String source) {
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
              + "; a model that explains reads [H, W, 3] and writes [[1], [h, w, 1]], or"
              + " [[K], [h, w, 1]] for K classes.");
    }
    height = outputs.get(1).get(0);
    width = outputs.get(1).get(1);
    engines = new EnginePool(engine, "the explainer");
  }

  /**
   * Explains an image of any size.
   *
   * @throws DeepXrayException if the model gives no probability or no heat map for it
   * @throws io.github.deepxray.core.internal.concurrent.WorkInterruptedException if the thread is
   *     interrupted while it waits or works
   * @throws IllegalStateException if the explainer is closed
   */
  public Explanation explain(RgbImage image) {
    List<Integer> shape = engines.inputShape();
    float[][] outputs =
        engines.run(input -> Resizer.resize(image, shape.get(0), shape.get(1)).copyTo(input, 0));
    double probability = 0;
    for (float score : outputs[0]) {
      if (!(score >= 0 && score <= 1)) {
        throw new DeepXrayException(
            "The model gives " + (double) score + ", which is no probability; export it again.");
      }
      probability = Math.max(probability, score);
    }
    try {
      return new Explanation(probability, HeatMap.of(height, width, outputs[1]));
    } catch (IllegalArgumentException e) {
      throw new DeepXrayException(
          "The model gives no heat map (" + e.getMessage() + "); export it again.", e);
    }
  }

  /** Waits for the images that are being explained, then frees the engines. */
  @Override
  public void close() {
    engines.close();
  }
}
