package io.github.deepxray.export.internal;

import io.github.deepxray.classify.Explainer;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.image.HeatMap;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.datasets.XrayReader;
import io.github.deepxray.datasets.XrayRecord;
import io.github.deepxray.report.internal.HeatMapCheck;
import io.github.deepxray.tflite.internal.TfLiteEngine;
import io.github.deepxray.tflite.internal.TfLiteEngineFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Comparison of the heat maps of a file with those of the original model. */
final class HeatMapComparison {
  /** Sufficient for two significant digits. */
  private static final int IMAGES = 32;

  private HeatMapComparison() {}

  /**
   * Compares heat maps on images of the test split.
   *
   * @param file {@code .tflite} file with heat maps
   * @param exact original model
   */
  static HeatMapCheck of(Path file, Model exact, PreparedDataset dataset) throws IOException {
    int every = Math.max(1, dataset.manifest().images(Split.TEST) / IMAGES);
    Sums sums = new Sums();
    Fit fit = dataset.manifest().fit();
    int images = 0;
    int height;
    int width;
    try (InferenceEngine engine = TfLiteEngine.load(file, TfLiteEngine.Options.DEFAULT);
        Explainer written = new Explainer(engine, fit, file.toString());
        InferenceEngine reference = new TfLiteEngineFactory().create(exact, 1);
        Explainer wanted = new Explainer(reference, fit, exact.network().name());
        XrayReader reader = dataset.read(Split.TEST)) {
      height = engine.outputShapes().get(1).get(0);
      width = engine.outputShapes().get(1).get(1);
      int index = 0;
      for (Optional<XrayRecord> next = reader.next();
          next.isPresent() && images < IMAGES;
          next = reader.next()) {
        if (index++ % every == 0) {
          RgbImage image = next.get().decode();
          sums.add(written.explain(image).heatMap(), wanted.explain(image).heatMap());
          images++;
        }
      }
    }
    return new HeatMapCheck(
        Files.size(file), height, width, images, sums.meanDifference(), sums.correlation());
  }

  /** Sums over the values of pairs of maps. */
  private static final class Sums {
    private long count;
    private double differences;
    private double x;
    private double y;
    private double xx;
    private double yy;
    private double xy;

    void add(HeatMap actual, HeatMap expected) {
      float scale = expected.max();
      float[] raw = actual.values();
      float[] wanted = expected.values();
      float[] a = actual.normalized().values();
      float[] b = expected.normalized().values();
      for (int i = 0; i < a.length; i++) {
        differences += scale == 0 ? 0 : Math.abs(raw[i] - wanted[i]) / scale;
        count++;
        x += a[i];
        y += b[i];
        xx += a[i] * a[i];
        yy += b[i] * b[i];
        xy += a[i] * b[i];
      }
    }

    double meanDifference() {
      return differences / count;
    }

    double correlation() {
      double varianceX = xx - x * x / count;
      double varianceY = yy - y * y / count;
      if (varianceX == 0 || varianceY == 0) {
        return varianceX == varianceY ? 1 : 0;
      }
      return (xy - x * y / count) / Math.sqrt(varianceX * varianceY);
    }
  }
}
