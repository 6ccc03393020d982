package io.github.deepxray.serve.page;

import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.ArtifactReport;
import io.github.deepxray.classify.ArtifactReport.FileSizes;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.classify.GateLimits;
import io.github.deepxray.classify.Verdict;
import io.github.deepxray.core.format.ModelNotes;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.image.HeatMap;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.metrics.Comparison;
import io.github.deepxray.core.metrics.Interval;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Activation;
import io.github.deepxray.core.network.Layer.Conv2D;
import io.github.deepxray.core.network.Layer.Dense;
import io.github.deepxray.core.network.Layer.Function;
import io.github.deepxray.core.network.Layer.GlobalAveragePooling2D;
import io.github.deepxray.core.network.Layer.Padding;
import io.github.deepxray.core.network.Layer.Rescaling;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.tflite.internal.TfLiteWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * A bundle whose model can be worked out by hand: an image is for pneumonia as far as it is bright,
 * and the heat map is the brightness of each of 8 x 8 cells.
 */
final class PageBundle {
  /** Height and width of the model's input. */
  static final int SIZE = 32;

  static final int CELLS = 8;
  static final double THRESHOLD = 0.6;

  private static final int CELL = SIZE / CELLS;
  private static final float SLOPE = 20;
  private static final float OFFSET = -10;
  private static final float GUARD_OFFSET = -13;

  /** The unfamiliarity above which an image is unfamiliar. */
  static final double LIMIT = 0.75;

  static final Comparison TEST = new Comparison(624, metrics(), metrics(), 1, 0, 0);

  private static Map<Metric, Interval> metrics() {
    Map<Metric, Interval> metrics = new EnumMap<>(Metric.class);
    Arrays.stream(Metric.values()).forEach(metric -> metrics.put(metric, new Interval(0, 0, 0)));
    metrics.put(Metric.AUC, new Interval(0.969, 0.952, 0.981));
    metrics.put(Metric.ACCURACY, new Interval(0.9, 0.87, 0.92));
    metrics.put(Metric.SENSITIVITY, new Interval(0.987, 0.976, 0.997));
    metrics.put(Metric.SPECIFICITY, new Interval(0.756, 0.7, 0.81));
    return metrics;
  }

  private PageBundle() {}

  /** The probability of an image of one grey, by hand. */
  static double probability(int grey) {
    return 1 / (1 + Math.exp(-(SLOPE * grey / 255.0 + OFFSET)));
  }

  /** The unfamiliarity of an image of one grey, by hand. */
  static double unfamiliarity(int grey) {
    return 1 / (1 + Math.exp(-(SLOPE * grey / 255.0 + GUARD_OFFSET)));
  }

  /** The heat map of an image of the input's size, by hand. */
  static HeatMap heatMap(RgbImage image) {
    float[] values = new float[CELLS * CELLS];
    for (int y = 0; y < SIZE; y++) {
      for (int x = 0; x < SIZE; x++) {
        values[y / CELL * CELLS + x / CELL] += image.at(y, x, 0) / (255f * CELL * CELL);
      }
    }
    return HeatMap.of(CELLS, CELLS, values);
  }

  /**
   * Writes the bundle.
   *
   * @param explain whether it can make heat maps
   * @param card the model card
   */
  static Path write(Path folder, boolean explain, String card) throws IOException {
    return write(folder, model("probability"), explain, OptionalDouble.empty(), card);
  }

  /** Writes a bundle with heat maps for which bright images are unfamiliar. */
  static Path writeGuarded(Path folder, String card) throws IOException {
    Model model = model("probability", ModelNotes.UNFAMILIARITY);
    return write(folder, model, true, OptionalDouble.of(LIMIT), card);
  }

  private static Path write(
      Path folder, Model model, boolean explain, OptionalDouble limit, String card)
      throws IOException {
    AtomicFiles.writeFolder(
        folder,
        partial -> {
          TfLiteWriter.write(model, partial.resolve(Bundle.TFLITE_FLOAT32));
          if (explain) {
            TfLiteWriter.write(model("probability", "heat_map"), partial.resolve(Bundle.EXPLAIN));
          }
          AtomicFiles.write(partial.resolve(Bundle.LABELS), "NORMAL\nPNEUMONIA\n");
          AtomicFiles.write(partial.resolve(Bundle.METRICS), "{}\n");
          AtomicFiles.write(partial.resolve(Bundle.MODEL_CARD), card);
          ArtifactReport.write(
              partial.resolve(ArtifactReport.FILE),
              Fit.STRETCH,
              List.of(
                  new ArtifactReport(
                      Artifact.FLOAT32.key(),
                      Artifact.FLOAT32.path(),
                      "32-bit float weights",
                      OptionalDouble.of(THRESHOLD),
                      limit,
                      FileSizes.of(partial.resolve(Bundle.TFLITE_FLOAT32)),
                      Optional.empty(),
                      GateLimits.ROUNDING,
                      new Verdict(Map.of("test", TEST), List.of()))));
          AtomicFiles.write(partial.resolve(Bundle.CHECKSUMS), Bundle.checksums(partial));
        });
    return folder;
  }

  static final List<String> CLASSES = List.of("BACTERIA", "NORMAL", "VIRUS");

  /** The logit of each class on a mean brightness from 0 to 1: slope and offset. */
  private static final float[] SLOPES = {4, 0, -4};

  private static final float[] OFFSETS = {-2, 0.5f, 1};

  /** The probabilities of an image of one grey, by hand. */
  static double[] probabilities(int grey) {
    double[] values = new double[CLASSES.size()];
    double sum = 0;
    for (int c = 0; c < values.length; c++) {
      values[c] = Math.exp(SLOPES[c] * grey / 255.0 + OFFSETS[c]);
      sum += values[c];
    }
    for (int c = 0; c < values.length; c++) {
      values[c] /= sum;
    }
    return values;
  }

  /** Writes a bundle for three classes. */
  static Path writeClasses(Path folder) throws IOException {
    List<Layer> layers =
        List.of(
            new Rescaling("rescaling", "images", List.of(1 / 255.0), List.of(0.0)),
            new GlobalAveragePooling2D("mean", "rescaling", false),
            new Dense("logits", "mean", CLASSES.size(), true),
            new Activation("probabilities", "logits", Function.SOFTMAX));
    float[] kernel = new float[3 * CLASSES.size()];
    for (int i = 0; i < kernel.length; i++) {
      kernel[i] = SLOPES[i % CLASSES.size()] / 3;
    }
    Model model =
        new Model(
            new Network(
                "brightness", "images", List.of(SIZE, SIZE, 3), layers, List.of("probabilities")),
            Weights.builder()
                .put("logits/kernel", FloatTensor.of(kernel, List.of(3, CLASSES.size())))
                .put("logits/bias", FloatTensor.of(OFFSETS.clone(), List.of(CLASSES.size())))
                .build());
    AtomicFiles.writeFolder(
        folder,
        partial -> {
          TfLiteWriter.write(model, partial.resolve(Bundle.TFLITE_FLOAT32));
          AtomicFiles.write(partial.resolve(Bundle.LABELS), String.join("\n", CLASSES) + "\n");
          ArtifactReport.write(
              partial.resolve(ArtifactReport.FILE),
              Fit.STRETCH,
              List.of(
                  new ArtifactReport(
                      Artifact.FLOAT32.key(),
                      Artifact.FLOAT32.path(),
                      "32-bit float weights",
                      OptionalDouble.empty(),
                      FileSizes.of(partial.resolve(Bundle.TFLITE_FLOAT32)),
                      Optional.empty(),
                      GateLimits.ROUNDING,
                      new Verdict(Map.of("test", TEST), List.of()))));
          AtomicFiles.write(partial.resolve(Bundle.CHECKSUMS), Bundle.checksums(partial));
        });
    return folder;
  }

  private static Model model(String... outputs) {
    List<Layer> layers = new ArrayList<>();
    layers.add(new Rescaling("rescaling", "images", List.of(1 / 255.0), List.of(0.0)));
    layers.add(new Conv2D("cells", "rescaling", 1, CELL, CELL, Padding.VALID, false));
    layers.add(new GlobalAveragePooling2D("mean", "cells", false));
    layers.add(new Dense("logit", "mean", 1, true));
    layers.add(new Activation("probability", "logit", Function.SIGMOID));
    Weights.Builder weights = Weights.builder();
    if (List.of(outputs).contains("heat_map")) {
      layers.add(new Activation("heat_map", "cells", Function.RELU));
    } else if (outputs.length > 1) {
      layers.add(new Dense("guard", "mean", 1, true));
      layers.add(new Activation(ModelNotes.UNFAMILIARITY, "guard", Function.SIGMOID));
      weights
          .put("guard/kernel", FloatTensor.of(new float[] {SLOPE}, List.of(1, 1)))
          .put("guard/bias", FloatTensor.of(new float[] {GUARD_OFFSET}, List.of(1)));
    }
    float[] kernel = new float[CELL * CELL * 3];
    Arrays.fill(kernel, 1f / kernel.length);
    weights
        .put("cells/kernel", FloatTensor.of(kernel, List.of(CELL, CELL, 3, 1)))
        .put("logit/kernel", FloatTensor.of(new float[] {SLOPE}, List.of(1, 1)))
        .put("logit/bias", FloatTensor.of(new float[] {OFFSET}, List.of(1)));
    return new Model(
        new Network("brightness", "images", List.of(SIZE, SIZE, 3), layers, List.of(outputs)),
        weights.build());
  }

  /** An image of one grey. */
  static RgbImage grey(int height, int width, int value) {
    byte[] pixels = new byte[height * width * 3];
    Arrays.fill(pixels, (byte) value);
    return RgbImage.of(height, width, pixels);
  }
}
