package io.github.deepxray.classify;

import io.github.deepxray.classify.ArtifactReport.FileSizes;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.network.Layer.Activation;
import io.github.deepxray.core.network.Layer.Conv2D;
import io.github.deepxray.core.network.Layer.Dense;
import io.github.deepxray.core.network.Layer.Function;
import io.github.deepxray.core.network.Layer.GlobalAveragePooling2D;
import io.github.deepxray.core.network.Layer.Padding;
import io.github.deepxray.core.network.Layer.Rescaling;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.network.WeightSpec;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.tflite.internal.TfLiteWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * A small bundle in the format of today. The one of each released format is kept among the test
 * resources, as its writer left it, and is never written again; {@code main} writes a first one
 * where the number of the format goes up.
 */
final class GoldenBundle {
  static final double THRESHOLD = 0.375;
  static final List<String> LABELS = List.of("NORMAL", "PNEUMONIA");

  private static final int SIZE = 16;

  private GoldenBundle() {}

  /** Writes the bundle into the folder {@code format-<n>} of a folder. */
  public static void main(String[] arguments) throws IOException {
    write(Path.of(arguments[0]).resolve("format-" + Bundle.FORMAT));
  }

  /** A network that reads 16 x 16 pixels, with weights of a formula. */
  static Model model(String... outputs) {
    Network network =
        new Network(
            "golden",
            "images",
            List.of(SIZE, SIZE, 3),
            List.of(
                new Rescaling("rescaling", "images", List.of(1.0 / 255), List.of(0.0)),
                new Conv2D("conv", "rescaling", 4, 3, 2, Padding.SAME, true),
                new Activation("features", "conv", Function.RELU),
                new Conv2D("evidence", "features", 1, 1, 1, Padding.SAME, true),
                new Activation("heat_map", "evidence", Function.RELU),
                new GlobalAveragePooling2D("mean", "features", false),
                new Dense("logit", "mean", 1, true),
                new Activation("probability", "logit", Function.SIGMOID)),
            List.of(outputs));
    Weights.Builder weights = Weights.builder();
    for (WeightSpec spec : network.weightSpecs()) {
      float[] values = new float[spec.size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = (i * 37 % 19 - 8) / 16f;
      }
      weights.put(spec.name(), FloatTensor.of(values, spec.shape()));
    }
    return new Model(network, weights.build());
  }

  /** One of some images of the size that the network reads. */
  static RgbImage image(int number) {
    byte[] pixels = new byte[SIZE * SIZE * 3];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) (i * (7 + number * number) + i * i / 64 * number);
    }
    return RgbImage.of(SIZE, SIZE, pixels);
  }

  private static void write(Path folder) throws IOException {
    AtomicFiles.writeFolder(
        folder,
        partial -> {
          Path file = partial.resolve(Bundle.TFLITE_FLOAT32);
          TfLiteWriter.write(model("probability"), file);
          TfLiteWriter.write(model("probability", "heat_map"), partial.resolve(Bundle.EXPLAIN));
          AtomicFiles.write(partial.resolve(Bundle.LABELS), String.join("\n", LABELS) + "\n");
          ArtifactReport.write(
              partial.resolve(ArtifactReport.FILE),
              Fit.STRETCH,
              List.of(
                  new ArtifactReport(
                      Artifact.FLOAT32.key(),
                      Artifact.FLOAT32.path(),
                      "32-bit float weights",
                      OptionalDouble.of(THRESHOLD),
                      FileSizes.of(file),
                      Optional.empty(),
                      GateLimits.ROUNDING,
                      new Verdict(Map.of(), List.of()))));
          AtomicFiles.write(partial.resolve(Bundle.CHECKSUMS), Bundle.checksums(partial));
        });
  }
}
