package io.github.deepxray.serve;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.ArtifactReport;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.classify.Classifier;
import io.github.deepxray.classify.Explainer;
import io.github.deepxray.classify.Prediction;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.format.ModelFormats;
import io.github.deepxray.core.image.HeatMap;
import io.github.deepxray.core.image.Resizer;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.internal.concurrent.ReferenceCount;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.internal.io.TextFiles;
import io.github.deepxray.core.metrics.Decision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * A version of the model that is loaded: an engine for each worker, and what its bundle says. It is
 * closed when nobody holds it any more.
 */
final class ModelVersion {
  /**
   * Measured with benchmark-serve: a SavedModel answers most images a second with so many together;
   * with more, batches are slower and those who wait for them are late.
   */
  private static final int LARGEST_BATCH = 4;

  /** The names of the tensors that bundles' models have, whatever their form. */
  static final String IMAGES = "images";

  private static final String PROBABILITY = "probability";

  private static final String PROBABILITIES = "probabilities";

  /** What to try to run, the best first, if nobody says what; then whatever else there is. */
  private static final List<Artifact> PREFERRED =
      List.of(Artifact.INT8, Artifact.DYNAMIC, Artifact.FLOAT32);

  /** The most MiB of a model card. */
  private static final int LARGEST_CARD = 4;

  /** How often each engine runs before it takes traffic. */
  private static final int WARM_UPS = 3;

  private final long number;
  private final Artifact artifact;
  private final OptionalInt batch;
  private final Optional<String> objection;
  private final Documents documents;
  private final List<InferenceEngine> engines = new ArrayList<>();
  private final List<Classifier> classifiers = new ArrayList<>();
  private final List<InferenceEngine> explaining = new ArrayList<>();
  private final List<Explainer> explainers = new ArrayList<>();

  /** Who may still use it: the list of versions, and each request on its way. */
  private final ReferenceCount holders = new ReferenceCount(this::close);

  /**
   * What the bundle says, each null in JSON if it does not.
   *
   * @param card the model card, a string
   * @param metrics of the trained model
   * @param profile what the data set that the model was trained on is about, as in {@value
   *     Bundle#DATASET}
   * @param artifacts the bundle's forms
   */
  record Documents(JsonNode card, JsonNode metrics, JsonNode profile, JsonNode artifacts) {}

  private ModelVersion(
      long number,
      Artifact artifact,
      OptionalInt batch,
      Optional<String> objection,
      Documents documents) {
    this.number = number;
    this.artifact = artifact;
    this.batch = batch;
    this.objection = objection;
    this.documents = documents;
  }

  /**
   * Loads a version, runs it until it is warm and asks it for the probability of a probe image.
   *
   * @param number of the version
   * @param folder its bundle
   * @throws DeepXrayException if the bundle is damaged, has not the form that is asked for, or does
   *     not answer with a probability
   * @throws IOException if it cannot be read
   */
  static ModelVersion load(long number, Path folder, ServerOptions options) throws IOException {
    Bundle bundle = Bundle.open(folder);
    List<ArtifactReport> reports = bundle.artifacts();
    Artifact artifact = options.engine().orElseGet(() -> choose(bundle, reports));
    bundle.requireIntact(artifact);
    bundle.requireIntact(Bundle.EXPLAIN::equals);
    List<String> labels = bundle.labels();
    Decision decision = bundle.decision(artifact);
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
                Json.read(folder.resolve(ArtifactReport.FILE))));
    try {
      Path explaining = folder.resolve(Bundle.EXPLAIN);
      for (int w = 0; w < options.workers(); w++) {
        InferenceEngine engine = next(version.engines, () -> artifact.load(bundle, 1));
        version.classifiers.add(Classifier.of(engine, labels, decision, folder));
        if (Files.exists(explaining)) {
          InferenceEngine explains =
              next(
                  version.explaining,
                  () -> ModelFormats.require("tflite", explaining).load(explaining, 1));
          version.explainers.add(new Explainer(explains, explaining.toString()));
        }
        version.probe(w);
      }
    } catch (IOException | RuntimeException | Error e) {
      version.close();
      throw e;
    }
    return version;
  }

  /** Reads a model's file. */
  @FunctionalInterface
  private interface Loading {
    InferenceEngine load() throws IOException;
  }

  /** Adds an engine: the first reads the file, the others share it where they can. */
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
      Resizer.resize(sample, height(), width()).copyTo(image, 0);
      classifiers.get(worker).decide(run(worker, image, 1));
      explain(worker, sample);
    }
  }

  /** Its number. */
  long number() {
    return number;
  }

  /** What the gate has against the form that runs, in a line. */
  Optional<String> objection() {
    return objection;
  }

  /** Which form of the model runs. */
  Artifact artifact() {
    return artifact;
  }

  /** The class names by label. */
  List<String> labels() {
    return classifiers.get(0).labels();
  }

  /**
   * From which probability on it decides for the second of two classes; empty if there are more.
   */
  OptionalDouble threshold() {
    return classifiers.get(0).threshold();
  }

  /** What the bundle says about the model. */
  Documents documents() {
    return documents;
  }

  /** The height of the images that the model reads. */
  int height() {
    return engines.get(0).inputShape().get(0);
  }

  /** The width of the images that the model reads. */
  int width() {
    return engines.get(0).inputShape().get(1);
  }

  /** How many images to run together at most. */
  int preferredBatch() {
    return batch.orElse(Math.min(engines.get(0).preferredBatch(), LARGEST_BATCH));
  }

  /** Whether it makes heat maps. */
  boolean explains() {
    return !explainers.isEmpty();
  }

  /**
   * Runs the model.
   *
   * @param worker who asks
   * @param images {@code [count, height, width, 3]}, values 0..255
   * @return for each image {@link #scores} probabilities, one image after another
   */
  float[] run(int worker, float[] images, int count) {
    return engines.get(worker).run(images, count)[0];
  }

  /** How many probabilities an image gets: that of the second of two classes, or that of each. */
  int scores() {
    return engines.get(0).outputShapes().get(0).stream().reduce(1, Math::multiplyExact);
  }

  /** The name of the tensor of probabilities. */
  String output() {
    return scores() == 1 ? PROBABILITY : PROBABILITIES;
  }

  /**
   * Decides by the threshold, or for the most probable class.
   *
   * @param probabilities of one image
   */
  Prediction decide(float... probabilities) {
    return classifiers.get(0).decide(probabilities);
  }

  /** The heat map of an image, its largest value 1 or all 0, if the bundle can make one. */
  Optional<HeatMap> explain(int worker, RgbImage image) {
    return explains()
        ? Optional.of(explainers.get(worker).explain(image).heatMap().normalized())
        : Optional.empty();
  }

  /** Keeps it from being closed, unless that has happened. */
  boolean retain() {
    return holders.hold();
  }

  /** Says that it is not used any more; whoever says so last closes it. */
  void release() {
    holders.release();
  }

  /** Whether it is closed. */
  boolean closed() {
    return holders.none();
  }

  private void close() {
    // These close the engines they were given.
    classifiers.forEach(Classifier::close);
    explainers.forEach(Explainer::close);
    // And these may be without one.
    engines.forEach(InferenceEngine::close);
    explaining.forEach(InferenceEngine::close);
  }
}
