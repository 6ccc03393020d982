package io.github.deepxray.serve;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.ArtifactReport;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.classify.Classifier;
import io.github.deepxray.classify.Explainer;
import io.github.deepxray.classify.LogitMap;
import io.github.deepxray.classify.Prediction;
import io.github.deepxray.classify.PredictionMonitor;
import io.github.deepxray.classify.ValidationDistribution;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.format.ModelFormats;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.image.HeatMap;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.internal.concurrent.ReferenceCount;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.internal.io.TextFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * Loaded version of the model: an engine for each worker, and the documents of its bundle.
 * Reference-counted: it is closed after the last release.
 */
final class ModelVersion {
  /**
   * Batch size with the highest throughput of a SavedModel in benchmark-serve; larger batches are
   * slower and increase the latency.
   */
  private static final int LARGEST_BATCH = 4;

  /** Names of the tensors of all artifacts of bundles. */
  static final String IMAGES = "images";

  private static final String PROBABILITY = "probability";

  private static final String PROBABILITIES = "probabilities";

  /** Default order of artifacts to run; all others follow. */
  private static final List<Artifact> PREFERRED =
      List.of(Artifact.INT8, Artifact.DYNAMIC, Artifact.FLOAT32);

  /** Maximum size of a model card in MiB. */
  private static final int LARGEST_CARD = 4;

  /** Number of warm-up runs of each engine. */
  private static final int WARM_UPS = 3;

  /** Number of the last images whose distribution is compared with the validation images'. */
  static final int WINDOW = 1000;

  private final long number;
  private final Artifact artifact;
  private final OptionalInt batch;
  private final Optional<String> objection;
  private final Documents documents;
  private final PredictionMonitor monitor;
  private final List<InferenceEngine> engines = new ArrayList<>();
  private final List<Classifier> classifiers = new ArrayList<>();
  private final List<InferenceEngine> explaining = new ArrayList<>();
  private final List<Explainer> explainers = new ArrayList<>();

  /** Holders: the list of versions, and each request in flight. */
  private final ReferenceCount holders = new ReferenceCount(this::close);

  /**
   * Documents of the bundle, each JSON null if missing.
   *
   * @param card model card, a string
   * @param metrics metrics of the trained model
   * @param profile profile of the training data set, as in {@value Bundle#DATASET}
   * @param artifacts reports of the bundle's artifacts
   */
  record Documents(JsonNode card, JsonNode metrics, JsonNode profile, JsonNode artifacts) {}

  private ModelVersion(
      long number,
      Artifact artifact,
      OptionalInt batch,
      Optional<String> objection,
      Documents documents,
      PredictionMonitor monitor) {
    this.number = number;
    this.artifact = artifact;
    this.batch = batch;
    this.objection = objection;
    this.documents = documents;
    this.monitor = monitor;
  }

  /**
   * Loads a version, warms it up and checks its output for a probe image.
   *
   * @param number number of the version
   * @param folder its bundle
   * @throws DeepXrayException if the bundle is damaged, lacks the requested artifact, or its output
   *     is not a probability
   * @throws IOException if the bundle cannot be read
   */
  static ModelVersion load(long number, Path folder, ServerOptions options) throws IOException {
    Bundle bundle = Bundle.open(folder);
    List<ArtifactReport> reports = bundle.artifacts();
    Artifact artifact = options.engine().orElseGet(() -> choose(bundle, reports));
    bundle.requireIntact(artifact);
    bundle.requireIntact(Bundle.EXPLAIN::equals);
    LogitMap correction =
        options.prevalence().isPresent()
            ? bundle.correction(options.prevalence().getAsDouble())
            : LogitMap.IDENTITY;
    Classifier.Rules rules = bundle.rules(artifact).corrected(correction);
    ModelVersion version =
        new ModelVersion(
            number,
            artifact,
            options.batch(),
            objection(artifact, reports),
            new Documents(
                text(folder.resolve(Bundle.MODEL_CARD)),
                tree(folder.resolve(Bundle.METRICS)),
                tree(folder.resolve(Bundle.DATASET)).path("profile"),
                Json.read(folder.resolve(ArtifactReport.FILE))),
            PredictionMonitor.ofLast(
                WINDOW,
                rules.labels(),
                ValidationDistribution.reference(bundle, artifact, correction)));
    try {
      Path explaining = folder.resolve(Bundle.EXPLAIN);
      for (int w = 0; w < options.workers(); w++) {
        InferenceEngine engine = next(version.engines, () -> artifact.load(bundle, 1));
        version.classifiers.add(Classifier.of(engine, rules, folder));
        if (Files.exists(explaining)) {
          InferenceEngine explains =
              next(
                  version.explaining,
                  () -> ModelFormats.require("tflite", explaining).load(explaining, 1));
          version.explainers.add(new Explainer(explains, rules.fit(), explaining.toString()));
        }
        version.probe(w);
      }
    } catch (IOException | RuntimeException | Error e) {
      version.close();
      throw e;
    }
    return version;
  }

  /** Loader of a model's file. */
  @FunctionalInterface
  private interface Loading {
    InferenceEngine load() throws IOException;
  }

  /** Adds an engine: the first reads the file, the others share it if possible. */
  private static InferenceEngine next(List<InferenceEngine> engines, Loading loading)
      throws IOException {
    Optional<InferenceEngine> another =
        engines.isEmpty() ? Optional.empty() : engines.get(0).another();
    InferenceEngine engine = another.isPresent() ? another.get() : loading.load();
    engines.add(engine);
    return engine;
  }

  private static Artifact choose(Bundle bundle, List<ArtifactReport> reports) {
    List<Artifact> blessed =
        reports.stream()
            .filter(report -> report.verdict().blessed())
            .map(ArtifactReport::toArtifact)
            .filter(artifact -> artifact.supported() && artifact.isIn(bundle))
            .toList();
    return Stream.concat(PREFERRED.stream().filter(blessed::contains), blessed.stream())
        .findFirst()
        .orElseThrow(
            () ->
                new DeepXrayException(
                    bundle.folder()
                        + " has no form that the gate has blessed and that can be run here; name"
                        + " one with --engine."));
  }

  private static Optional<String> objection(Artifact artifact, List<ArtifactReport> reports) {
    Optional<ArtifactReport> report =
        reports.stream().filter(r -> r.artifact().equals(artifact.key())).findFirst();
    if (report.isPresent() && report.get().verdict().blessed()) {
      return Optional.empty();
    }
    return Optional.of(
        "the gate has not blessed "
            + artifact.key()
            + report.map(r -> ": " + String.join("; ", r.verdict().objections())).orElse(""));
  }

  private static JsonNode text(Path file) throws IOException {
    return Json.tree(Files.exists(file) ? TextFiles.read(file, LARGEST_CARD) : null);
  }

  private static JsonNode tree(Path file) throws IOException {
    return Files.exists(file) ? Json.read(file) : Json.tree(null);
  }

  private void probe(int worker) {
    float[] image = new float[height() * width() * 3];
    for (int i = 0; i < WARM_UPS; i++) {
      RgbImage sample = Probes.image(i);
      fit(sample).copyTo(image, 0);
      decide(run(worker, image, 1).get(0));
      explain(worker, sample);
    }
  }

  /** Number of the version. */
  long number() {
    return number;
  }

  /** Returns the objection of the gate to the served artifact, in one line, if any. */
  Optional<String> objection() {
    return objection;
  }

  /** Served artifact. */
  Artifact artifact() {
    return artifact;
  }

  /** Class names by label. */
  List<String> labels() {
    return classifiers.get(0).labels();
  }

  /** Decision threshold of a binary classifier; empty for more classes. */
  OptionalDouble threshold() {
    return classifiers.get(0).threshold();
  }

  /** Limit of the unfamiliarity; empty without an input guard. */
  OptionalDouble unfamiliarityLimit() {
    return classifiers.get(0).unfamiliarityLimit();
  }

  /** Documents of the bundle. */
  Documents documents() {
    return documents;
  }

  /** Monitor of the answered predictions. */
  PredictionMonitor monitor() {
    return monitor;
  }

  /** Height of the model's input. */
  int height() {
    return engines.get(0).inputShape().get(0);
  }

  /** Width of the model's input. */
  int width() {
    return engines.get(0).inputShape().get(1);
  }

  /** Returns the model's input for an image of any size. */
  RgbImage fit(RgbImage image) {
    return classifiers.get(0).fit().apply(image, height(), width());
  }

  /** Returns the part of an image that becomes the model's input. */
  Fit.Region region(RgbImage image) {
    return classifiers.get(0).fit().region(image, height(), width());
  }

  /** Maximum batch size. */
  int preferredBatch() {
    return batch.orElse(Math.min(engines.get(0).preferredBatch(), LARGEST_BATCH));
  }

  /** Whether the version can compute heat maps. */
  boolean explains() {
    return !explainers.isEmpty();
  }

  /**
   * Runs the model.
   *
   * @param worker number of the worker
   * @param images {@code [count, height, width, 3]}, values 0..255
   * @return for each image {@link #scores} probabilities, and the unfamiliarity if the model has an
   *     input guard
   */
  List<float[][]> run(int worker, float[] images, int count) {
    float[][] outputs = engines.get(worker).run(images, count);
    List<float[][]> byImage = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      float[][] image = new float[outputs.length][];
      for (int o = 0; o < outputs.length; o++) {
        int size = outputs[o].length / count;
        image[o] = Arrays.copyOfRange(outputs[o], i * size, (i + 1) * size);
      }
      byImage.add(image);
    }
    return byImage;
  }

  /** Number of probabilities of an image: 1 for two classes, else one for each class. */
  int scores() {
    return engines.get(0).outputShapes().get(0).stream().reduce(1, Math::multiplyExact);
  }

  /** Name of the output tensor with the probabilities. */
  String output() {
    return scores() == 1 ? PROBABILITY : PROBABILITIES;
  }

  /**
   * Decides by the threshold, or for the most probable class.
   *
   * @param outputs outputs of one image
   * @throws DeepXrayException if a value is not within 0..1
   */
  Prediction decide(float[][] outputs) {
    return classifiers.get(0).decide(outputs);
  }

  /**
   * Returns the heat map of an image, with maximum 1 or all 0, if the bundle supports heat maps.
   */
  Optional<HeatMap> explain(int worker, RgbImage image) {
    return explains()
        ? Optional.of(explainers.get(worker).explain(image).heatMap().normalized())
        : Optional.empty();
  }

  /** Retains this version; returns false if it is closed already. */
  boolean retain() {
    return holders.hold();
  }

  /** Releases this version; the last release closes it. */
  void release() {
    holders.release();
  }

  /** Whether this version is closed. */
  boolean closed() {
    return holders.none();
  }

  private void close() {
    // Classifiers close their engines.
    classifiers.forEach(Classifier::close);
    explainers.forEach(Explainer::close);
    // Engines without a classifier.
    engines.forEach(InferenceEngine::close);
    explaining.forEach(InferenceEngine::close);
  }
}
