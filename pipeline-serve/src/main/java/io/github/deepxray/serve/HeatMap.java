package io.github.deepxray.serve;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.bundle.Bundle;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.tflite.TfLiteEngine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Where in an image the model saw what it decided by: Grad-CAM, divided by its maximum.
 *
 * @param height in cells
 * @param width in cells
 * @param values row by row, 0..1
 */
record HeatMap(int height, int width, List<Float> values) {
  /** Copies the list. */
  HeatMap {
    values = List.copyOf(values);
  }

  /** The model that computes heat maps beside the probability. */
  static final class Engine implements AutoCloseable {
    /** The output of the heat map {@code [h, w, 1]}, not negative. */
    static final String OUTPUT = "heat_map";

    private final InferenceEngine engine;
    private final int output;
    private final List<Integer> shape;

    private Engine(InferenceEngine engine, int output) {
      this.engine = engine;
      this.output = output;
      this.shape = engine.outputShapes().get(output);
    }

    /**
     * Loads the model of a bundle, if it has one.
     *
     * @param inputShape what the bundle's other models read
     * @throws DeepXrayException if it is damaged or another kind of model
     * @throws IOException if it cannot be read
     */
    static Optional<Engine> load(Bundle bundle, List<Integer> inputShape) throws IOException {
      Path file = bundle.folder().resolve(Bundle.EXPLAIN);
      if (!Files.exists(file)) {
        return Optional.empty();
      }
      TfLiteEngine engine = TfLiteEngine.load(file, TfLiteEngine.Options.DEFAULT);
      for (int o = 0; o < engine.outputShapes().size(); o++) {
        List<Integer> shape = engine.outputShapes().get(o);
        if (shape.size() == 3 && shape.get(2) == 1 && engine.inputShape().equals(inputShape)) {
          return Optional.of(new Engine(engine, o));
        }
      }
      List<List<Integer>> shapes = engine.outputShapes();
      engine.close();
      throw new DeepXrayException(
          file
              + " writes "
              + shapes
              + ", among which is no heat map [h, w, 1] of images "
              + inputShape
              + "; export the bundle again.");
    }

    /**
     * Computes the map of an image.
     *
     * @param image {@code [H, W, 3]}, values 0..255
     */
    HeatMap of(float[] image) {
      float[] raw = engine.run(image, 1)[output];
      float max = 0;
      for (float value : raw) {
        max = Math.max(max, value);
      }
      Float[] values = new Float[raw.length];
      for (int i = 0; i < raw.length; i++) {
        float share = max > 0 ? raw[i] / max : 0;
        values[i] = share > 0 ? share : 0f;
      }
      return new HeatMap(shape.get(0), shape.get(1), List.of(values));
    }

    @Override
    public void close() {
      engine.close();
    }
  }
}
