package io.github.deepxray.serve;

import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.ArtifactReport;
import io.github.deepxray.classify.ArtifactReport.FileSizes;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.classify.GateLimits;
import io.github.deepxray.classify.Verdict;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.Resizer;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Activation;
import io.github.deepxray.core.network.Layer.Conv2D;
import io.github.deepxray.core.network.Layer.Dense;
import io.github.deepxray.core.network.Layer.Function;
import io.github.deepxray.core.network.Layer.Padding;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.datasets.Slice;
import io.github.deepxray.datasets.phantom.Phantom;
import io.github.deepxray.optimize.internal.Passes;
import io.github.deepxray.testkit.Fixtures;
import io.github.deepxray.testkit.ReferenceInterpreter;
import io.github.deepxray.tflite.internal.TfLiteWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/** A bundle of a network of random weights on images of 32 x 32 pixels. */
final class TinyBundle {
  static final int SIZE = 32;
  static final double THRESHOLD = 0.5;
  static final String CARD = "# tiny\n\nNot a medical device.\n";

  private static final Verdict BLESSED = new Verdict(Map.of(), List.of());

  private TinyBundle() {}

  private static Model model(long seed) {
    return Fixtures.withRandomWeights(Fixtures.smallNetwork(SIZE), seed);
  }

  /** The same network with a map of 8 x 8 cells beside the probability. */
  private static Model explaining(long seed) {
    Network small = Fixtures.smallNetwork(SIZE);
    List<Layer> layers = new ArrayList<>(small.layers());
    layers.add(new Conv2D("map_conv", "top_activation", 1, 1, 1, Padding.VALID, true));
    layers.add(new Activation("heat_map", "map_conv", Function.RELU));
    return Fixtures.withRandomWeights(
        new Network(
            "small", "images", small.inputShape(), layers, List.of("probability", "heat_map")),
        seed);
  }

  /** Writes a bundle of float32 and dynamic, both blessed. */
  static Path write(Path folder, long seed) throws IOException {
    return write(folder, seed, BLESSED, false);
  }

  /** Writes a bundle that can make heat maps. */
  static Path writeExplaining(Path folder, long seed) throws IOException {
    return write(folder, seed, BLESSED, true);
  }

  /** The network with an input guard. */
  static Model guarded(long seed) {
    return Fixtures.guarded(model(seed), seed + 1);
  }

  /**
   * Writes a bundle of float32 with an input guard.
   *
   * @param limit the unfamiliarity above which an image is unfamiliar
   */
  static Path writeGuarded(Path folder, long seed, double limit) throws IOException {
    AtomicFiles.writeFolder(
        folder,
        partial -> {
          TfLiteWriter.write(
              Passes.forInference().apply(guarded(seed)), partial.resolve(Bundle.TFLITE_FLOAT32));
          AtomicFiles.write(partial.resolve(Bundle.LABELS), "NORMAL\nPNEUMONIA\n");
          ArtifactReport plain =
              report(partial, Artifact.FLOAT32, OptionalDouble.of(THRESHOLD), BLESSED);
          ArtifactReport.write(
              partial.resolve(ArtifactReport.FILE),
              Fit.STRETCH,
              List.of(
                  new ArtifactReport(
                      plain.artifact(),
                      plain.path(),
                      plain.form(),
                      plain.threshold(),
                      OptionalDouble.of(limit),
                      plain.size(),
                      plain.weights(),
                      plain.limits(),
                      plain.verdict())));
          AtomicFiles.write(partial.resolve(Bundle.CHECKSUMS), Bundle.checksums(partial));
        });
    return folder;
  }

  /** The classes of {@link #writeClasses}. */
  static final List<String> CLASSES = List.of("BACTERIA", "NORMAL", "VIRUS");

  /** A network of the same backbone that gives the probability of each class. */
  static Model classes(long seed, int classes) {
    Network small = Fixtures.smallNetwork(SIZE).withOutputs(List.of("standardize"));
    List<Layer> layers = new ArrayList<>(small.layers());
    layers.add(new Dense("logits", "standardize", classes, true));
    layers.add(new Activation("probabilities", "logits", Function.SOFTMAX));
    return Fixtures.withRandomWeights(
        new Network("small", "images", small.inputShape(), layers, List.of("probabilities")), seed);
  }

  /** Writes a bundle of float32 with a softmax that can make heat maps. */
  static Path writeClasses(Path folder, long seed, List<String> labels) throws IOException {
    AtomicFiles.writeFolder(
        folder,
        partial -> {
          Model model = classes(seed, labels.size());
          OptionalDouble threshold =
              labels.size() == 2 ? OptionalDouble.of(THRESHOLD) : OptionalDouble.empty();
          TfLiteWriter.write(
              Passes.forInference().apply(model), partial.resolve(Bundle.TFLITE_FLOAT32));
          TfLiteWriter.write(Passes.explaining().apply(model), partial.resolve(Bundle.EXPLAIN));
          AtomicFiles.write(partial.resolve(Bundle.LABELS), String.join("\n", labels) + "\n");
          ArtifactReport.write(
              partial.resolve(ArtifactReport.FILE),
              Fit.STRETCH,
              List.of(report(partial, Artifact.FLOAT32, threshold, BLESSED)));
          AtomicFiles.write(partial.resolve(Bundle.CHECKSUMS), Bundle.checksums(partial));
        });
    return folder;
  }

  /**
   * Writes a bundle.
   *
   * @param dynamic what the gate says about its form dynamic
   */
  static Path write(Path folder, long seed, Verdict dynamic, boolean explain) throws IOException {
    AtomicFiles.writeFolder(
        folder,
        partial -> {
          Model model = model(seed);
          TfLiteWriter.write(
              Passes.forInference().apply(model), partial.resolve(Bundle.TFLITE_FLOAT32));
          TfLiteWriter.write(
              Passes.dynamicRange().apply(model), partial.resolve(Bundle.TFLITE_DYNAMIC));
          if (explain) {
            TfLiteWriter.write(
                Passes.forInference().apply(explaining(seed)), partial.resolve(Bundle.EXPLAIN));
          }
          AtomicFiles.write(partial.resolve(Bundle.LABELS), "NORMAL\nPNEUMONIA\n");
          AtomicFiles.write(partial.resolve(Bundle.METRICS), "{\"auc\": 0.5}\n");
          AtomicFiles.write(partial.resolve(Bundle.MODEL_CARD), CARD);
          ArtifactReport.write(
              partial.resolve(ArtifactReport.FILE),
              Fit.STRETCH,
              List.of(
                  report(partial, Artifact.FLOAT32, OptionalDouble.of(THRESHOLD), BLESSED),
                  report(partial, Artifact.DYNAMIC, OptionalDouble.of(THRESHOLD), dynamic)));
          AtomicFiles.write(partial.resolve(Bundle.CHECKSUMS), Bundle.checksums(partial));
        });
    return folder;
  }

  private static ArtifactReport report(
      Path folder, Artifact artifact, OptionalDouble threshold, Verdict verdict)
      throws IOException {
    return new ArtifactReport(
        artifact.key(),
        artifact.path(),
        "tiny",
        threshold,
        FileSizes.of(folder.resolve(artifact.path())),
        Optional.empty(),
        GateLimits.QUANTIZATION,
        verdict);
  }

  /** The probability that the definition of the network's layers gives for an image. */
  static double expected(long seed, float[] image) {
    return new ReferenceInterpreter(model(seed)).run(image).get("probability")[0];
  }

  /** The probability of a file, decoded and resized as everywhere. */
  static double expected(long seed, byte[] file) {
    return expected(seed, pixels(file));
  }

  /** The map that the definition of the layers gives, not normalized. */
  static double[] expectedMap(long seed, byte[] file) {
    return new ReferenceInterpreter(explaining(seed)).run(pixels(file)).get("heat_map");
  }

  static float[] pixels(byte[] file) {
    float[] image = new float[SIZE * SIZE * 3];
    Resizer.resize(ImageCodec.decode(file, "test"), SIZE, SIZE).copyTo(image, 0);
    return image;
  }

  /** A phantom as JPEG. */
  static byte[] jpeg(int number, int size) {
    RgbImage image = Phantom.draw(Slice.BACTERIAL, 3, number, 1, size);
    return ImageCodec.encodeJpeg(image, 90);
  }

  /** Spoils a file of a bundle without its checksums noticing. */
  static void truncate(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
  }
}
