package io.github.deepxray.classify;

import io.github.deepxray.classify.PredictionMonitor.Quantity;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.format.ModelFormat;
import io.github.deepxray.core.format.ModelFormats;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.internal.engine.EnginePool;
import io.github.deepxray.core.internal.image.GreyStatistics;
import io.github.deepxray.core.internal.image.ImageFile;
import io.github.deepxray.core.metrics.Decision;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Classifies single images with a deployed model: a bundle, a {@code .tflite} file or a SavedModel.
 * TensorFlow's native library is loaded only for a SavedModel.
 *
 * <p>A classifier is safe for use by many threads, including virtual ones, without loss of speed:
 * it creates engines on demand, at most the number of processor cores divided by the threads of a
 * call, and further threads wait in the order of arrival. The file is read and checked once.
 */
public final class Classifier implements AutoCloseable {
  private final EnginePool engines;
  private final Rules rules;
  private final OptionalDouble unfamiliarityLimit;

  private Classifier(InferenceEngine engine, Rules rules) {
    this.rules = rules;
    this.unfamiliarityLimit =
        guarded(engine)
            ? OptionalDouble.of(rules.unfamiliarityLimit.orElse(Unfamiliarity.DEFAULT_LIMIT))
            : OptionalDouble.empty();
    this.engines = new EnginePool(engine, "the classifier");
  }

  /**
   * Options of a classifier.
   *
   * @param artifact the form in a bundle
   * @param threshold the decision threshold of a binary classifier, 0..1; if empty, the bundle's,
   *     or 0.5 without a bundle; must be empty for more classes
   * @param prevalence share of the second of two classes among the images to classify, above 0 and
   *     below 1, to which a bundle's calibrated probabilities and its threshold are corrected; if
   *     empty, they hold for the share among the validation images, or at the site that the bundle
   *     was adapted to
   * @param threads number of threads of one call; 1 has the highest throughput when several threads
   *     classify
   * @param trusted whether a SavedModel outside a bundle may have operations that this project does
   *     not export; such a model is a program that can write files
   */
  @RecordBuilder
  public record Options(
      Artifact artifact,
      OptionalDouble threshold,
      OptionalDouble prevalence,
      int threads,
      boolean trusted)
      implements ClassifierOptionsBuilder.With {
    /** Float32 form of a bundle, the bundle's threshold, one thread per call, no trust. */
    public static final Options DEFAULT =
        new Options(Artifact.FLOAT32, OptionalDouble.empty(), OptionalDouble.empty(), 1, false);

    /** Checks the numbers. */
    public Options {
      double value = threshold.orElse(0);
      if (!(value >= 0 && value <= 1)) {
        throw new DeepXrayException(
            "The threshold " + value + " is not a probability; give a value from 0 to 1.");
      }
      double share = prevalence.orElse(0.5);
      if (!(share > 0 && share < 1)) {
        throw new DeepXrayException(
            "The prevalence " + share + " must lie between 0 and 1, without these.");
      }
      if (threads < 1) {
        throw new IllegalArgumentException(threads + " threads");
      }
    }

    /** Returns a copy with another threshold. */
    public Options withThreshold(double value) {
      return withThreshold(OptionalDouble.of(value));
    }

    /** Returns a copy for another prevalence. */
    public Options withPrevalence(double value) {
      return withPrevalence(OptionalDouble.of(value));
    }

    /** Returns a copy for models from a trusted source. */
    public Options trusting() {
      return withTrusted(true);
    }
  }

  /**
   * How the outputs of a model become a prediction.
   *
   * @param labels the class names, 2 or more
   * @param decision a threshold for two classes, the most probable class for more; for mapped
   *     probabilities
   * @param fit how an image becomes the model's input
   * @param map the map of the probability of the second of two classes, see {@link
   *     Bundle#adaptation} and {@link Bundle#correction}; the identity for more classes
   * @param unfamiliarityLimit the {@link Unfamiliarity} above which an image is unlike the training
   *     images, 0..1; if empty, {@link Unfamiliarity#DEFAULT_LIMIT} for a model with an input guard
   */
  @RecordBuilder
  public record Rules(
      List<String> labels,
      Decision decision,
      Fit fit,
      LogitMap map,
      OptionalDouble unfamiliarityLimit)
      implements ClassifierRulesBuilder.With {
    /** Copies the list and checks the map. */
    public Rules {
      labels = List.copyOf(labels);
      if (labels.size() > 2 && !map.equals(LogitMap.IDENTITY)) {
        throw new IllegalArgumentException("a map of " + labels.size() + " classes");
      }
    }

    /** Returns rules without a map and with the default limit of the unfamiliarity. */
    public static Rules of(List<String> labels, Decision decision, Fit fit) {
      return new Rules(labels, decision, fit, LogitMap.IDENTITY, OptionalDouble.empty());
    }

    /**
     * Returns these rules for probabilities that are corrected for a prevalence.
     *
     * @param correction see {@link Bundle#correction}
     */
    public Rules corrected(LogitMap correction) {
      return withMap(map.then(correction)).withDecision(correction.apply(decision));
    }
  }

  /**
   * Opens a model with the default options.
   *
   * @param model a bundle, a {@code .tflite} file or a SavedModel folder
   * @throws DeepXrayException as {@link #open(Path, Options)}
   * @throws IOException if the model cannot be read
   */
  public static Classifier open(Path model) throws IOException {
    return open(model, Options.DEFAULT);
  }

  /**
   * Opens a model.
   *
   * @param model a bundle, a {@code .tflite} file or a SavedModel folder
   * @throws DeepXrayException if the model is none of these, damaged, or no classifier of RGB
   *     images with its probabilities and an optional input guard as outputs, its library cannot be
   *     loaded, or a prevalence is given and the model is no bundle with calibrated probabilities
   * @throws IOException if the model cannot be read
   */
  public static Classifier open(Path model, Options options) throws IOException {
    if (!Files.exists(model)) {
      throw new NoSuchFileException(model.toString(), null, "no such model");
    }
    return Bundle.isBundle(model)
        ? ofBundle(Bundle.open(model), options)
        : ofFile(model, format(model), options);
  }

  private static Classifier ofBundle(Bundle bundle, Options options) throws IOException {
    Artifact artifact = options.artifact();
    bundle.requireIntact(artifact);
    // Read before the engine is created, which a failure would leave open.
    Rules rules = bundle.rules(artifact);
    if (options.prevalence().isPresent()) {
      rules = rules.corrected(bundle.correction(options.prevalence().getAsDouble()));
    }
    if (options.threshold().isPresent()) {
      rules = rules.withDecision(new Decision.Threshold(options.threshold().getAsDouble()));
    }
    return of(artifact.load(bundle, options.threads()), rules, bundle.folder());
  }

  private static ModelFormat format(Path model) {
    return ModelFormats.of(model)
        .orElseThrow(
            () ->
                new DeepXrayException(
                    model
                        + " is neither a bundle nor a model of a format on the class path ("
                        + String.join(", ", ModelFormats.names())
                        + "); give a bundle with "
                        + Bundle.CHECKSUMS
                        + ", or such a model."));
  }

  private static Classifier ofFile(Path model, ModelFormat format, Options options)
      throws IOException {
    if (options.prevalence().isPresent()) {
      throw new DeepXrayException(
          model + " is no bundle, which a prevalence needs; give the bundle, or leave it out.");
    }
    InferenceEngine engine =
        options.trusted()
            ? format.loadTrusted(model, options.threads())
            : format.load(model, options.threads());
    try {
      List<String> labels = labels(model, format, classes(engine.outputShapes().get(0)));
      Decision decision =
          labels.size() == 2 || options.threshold().isPresent()
              ? new Decision.Threshold(options.threshold().orElse(0.5))
              : Decision.MOST_PROBABLE;
      return of(engine, labels, decision, fit(model, format), model);
    } catch (IOException | RuntimeException | Error e) {
      engine.close();
      throw e;
    }
  }

  /** Class names from the file or from its bundle, else numbers. */
  private static List<String> labels(Path model, ModelFormat format, int classes)
      throws IOException {
    List<String> labels = format.labels(model);
    Optional<Bundle> bundle = Bundle.around(model);
    if (labels.isEmpty()
        && bundle.isPresent()
        && Files.isRegularFile(bundle.get().folder().resolve(Bundle.LABELS))) {
      labels = bundle.get().labels();
    }
    return labels.size() == classes && Set.copyOf(labels).size() == classes
        ? labels
        : IntStream.range(0, classes).mapToObj(String::valueOf).toList();
  }

  /** Fit from the bundle around a file, or from the file itself, else {@link Fit#STRETCH}. */
  static Fit fit(Path model, ModelFormat format) throws IOException {
    Optional<Bundle> bundle = Bundle.around(model);
    return bundle.isPresent()
            && Files.isRegularFile(bundle.get().folder().resolve(ArtifactReport.FILE))
        ? bundle.get().fit()
        : format.fit(model).orElse(Fit.STRETCH);
  }

  /**
   * Creates a classifier that owns the engine, without correction and with the default limit of the
   * unfamiliarity; the engine is closed on failure.
   *
   * @param engine as of {@link #of(InferenceEngine, Rules, Path)}
   * @param labels the class names
   * @param decision a threshold for two classes, the most probable class for more
   * @param fit how an image becomes the engine's input
   * @param model the source of the engine, for messages
   * @throws DeepXrayException as {@link #of(InferenceEngine, Rules, Path)}
   */
  public static Classifier of(
      InferenceEngine engine, List<String> labels, Decision decision, Fit fit, Path model) {
    return of(engine, Rules.of(labels, decision, fit), model);
  }

  /**
   * Creates a classifier that owns the engine; the engine is closed on failure.
   *
   * @param engine maps an RGB image {@code [H, W, 3]} with values 0..255 to the probability of each
   *     class, or of the second of two; a second output {@code [1]} is its unfamiliarity
   * @param rules how these become a prediction
   * @param model the source of the engine, for messages
   * @throws DeepXrayException if the engine has other inputs or outputs, or the rules do not fit
   */
  public static Classifier of(InferenceEngine engine, Rules rules, Path model) {
    try {
      requireFitting(engine, rules, model);
      return new Classifier(engine, rules);
    } catch (RuntimeException | Error e) {
      engine.close();
      throw e;
    }
  }

  private static void requireFitting(InferenceEngine engine, Rules rules, Path model) {
    int classes = rules.labels.size();
    if (classes < 2) {
      throw new DeepXrayException(
          model.resolve(Bundle.LABELS)
              + " names "
              + classes
              + " classes, not 2 or more; export the bundle again.");
    }
    requireClassifier(engine, classes, model);
    if (rules.unfamiliarityLimit.isPresent() && !guarded(engine)) {
      throw new DeepXrayException(
          model
              + " records a limit of the unfamiliarity, but its model has no such output; export"
              + " it again.");
    }
    boolean threshold = rules.decision.threshold().isPresent();
    if (threshold != (classes == 2)) {
      throw new DeepXrayException(
          model
              + " distinguishes "
              + classes
              + " classes, "
              + (threshold
                  ? "so that a threshold does not apply: the most probable is chosen; omit it."
                  : "which needs a threshold; give one."));
    }
  }

  /**
   * Refuses an engine that does not map an RGB image to the probability of each class, {@code
   * [classes]}, or of the second of two, {@code [1]}; the unfamiliarity {@code [1]} may follow.
   *
   * @param classes the number of classes
   * @param model the source of the engine, for messages
   * @throws DeepXrayException if the engine has other inputs or outputs
   */
  public static void requireClassifier(InferenceEngine engine, int classes, Path model) {
    List<Integer> shape = engine.inputShape();
    List<List<Integer>> outputs = engine.outputShapes();
    if (shape.size() != 3
        || shape.get(2) != 3
        || !(outputs.size() == 1 || guarded(engine))
        || classes(outputs.get(0)) != classes) {
      String scores = "[" + (classes == 2 ? 1 : classes) + "]";
      throw new DeepXrayException(
          model
              + " reads "
              + shape
              + " and writes "
              + outputs
              + "; a classifier of "
              + classes
              + " classes reads [H, W, 3] and writes ["
              + scores
              + "], or ["
              + scores
              + ", [1]] with an input guard.");
    }
  }

  /** Whether the second of two outputs is the unfamiliarity; a heat map has another shape. */
  private static boolean guarded(InferenceEngine engine) {
    List<List<Integer>> outputs = engine.outputShapes();
    return outputs.size() == 2 && outputs.get(1).equals(List.of(1));
  }

  /** Number of classes; a single sigmoid value is the probability of the second of two classes. */
  private static int classes(List<Integer> output) {
    int values = output.stream().reduce(1, Math::multiplyExact);
    return values == 1 ? 2 : values;
  }

  /** Decision threshold of a binary classifier; empty if there are more classes. */
  public OptionalDouble threshold() {
    return rules.decision.threshold();
  }

  /**
   * The {@link Unfamiliarity} above which an image is unlike the training images, 0..1; empty if
   * the model has no input guard.
   */
  public OptionalDouble unfamiliarityLimit() {
    return unfamiliarityLimit;
  }

  /** How an image becomes the model's input. */
  public Fit fit() {
    return rules.fit;
  }

  /** Class names by label. */
  public List<String> labels() {
    return rules.labels;
  }

  /**
   * Classifies an image of any size.
   *
   * @throws DeepXrayException if an output is not within 0..1
   * @throws io.github.deepxray.core.internal.concurrent.WorkInterruptedException if the thread is
   *     interrupted while it waits or works
   * @throws IllegalStateException if the classifier is closed
   */
  public Prediction classify(RgbImage image) {
    List<Integer> shape = engines.inputShape();
    return decide(
        engines.run(input -> rules.fit.apply(image, shape.get(0), shape.get(1)).copyTo(input, 0)));
  }

  /**
   * Classifies an image of any size and counts it.
   *
   * @param monitor counts the prediction and the image's size, brightness and contrast
   * @throws DeepXrayException as {@link #classify(RgbImage)}
   */
  public Prediction classify(RgbImage image, PredictionMonitor monitor) {
    List<Integer> shape = engines.inputShape();
    RgbImage fitted = rules.fit.apply(image, shape.get(0), shape.get(1));
    Prediction prediction = decide(engines.run(input -> fitted.copyTo(input, 0)));
    GreyStatistics grey = GreyStatistics.of(fitted);
    monitor.observe(
        prediction,
        Map.of(
            Quantity.BRIGHTNESS,
            grey.brightness(),
            Quantity.CONTRAST,
            grey.contrast(),
            Quantity.HEIGHT,
            (double) image.height(),
            Quantity.WIDTH,
            (double) image.width()));
    return prediction;
  }

  /**
   * Classifies an image file.
   *
   * @throws DeepXrayException if the path is a folder, or the image cannot be decoded
   * @throws IOException if the file cannot be read
   */
  public Prediction classify(Path file) throws IOException {
    return classify(ImageFile.read(file).image());
  }

  /**
   * Applies the rules to the outputs for one image: a threshold for two classes, else the most
   * probable class, the first of several.
   *
   * @param outputs as {@link InferenceEngine#run} returns them for one image: the probability of
   *     the second of two classes, or of each class; then the unfamiliarity, if the model has it
   * @throws DeepXrayException if a value is not within 0..1
   * @throws IllegalArgumentException if these are not the outputs for one image
   */
  public Prediction decide(float[][] outputs) {
    int expected = unfamiliarityLimit.isPresent() ? 2 : 1;
    if (outputs.length != expected) {
      throw new IllegalArgumentException(outputs.length + " outputs instead of " + expected);
    }
    float[] scores = outputs[0];
    if (classes(List.of(scores.length)) != rules.labels.size()) {
      throw new IllegalArgumentException(
          scores.length + " scores of " + rules.labels.size() + " classes");
    }
    List<Double> probabilities = new ArrayList<>();
    for (float score : scores) {
      requireShare("output", "a probability", score);
      probabilities.add((double) score);
    }
    if (scores.length == 1) {
      probabilities.add(0, 1 - probabilities.get(0));
    }
    if (!rules.map.equals(LogitMap.IDENTITY)) {
      probabilities.set(1, rules.map.apply(probabilities.get(1)));
      probabilities.set(0, 1 - probabilities.get(1));
    }
    int decided = rules.decision.decide(probabilities);
    return new Prediction(
        rules.labels.get(decided),
        probabilities.get(rules.labels.size() == 2 ? 1 : decided),
        rules.decision.threshold(),
        probabilities,
        unfamiliarity(outputs));
  }

  private Optional<Unfamiliarity> unfamiliarity(float[][] outputs) {
    if (unfamiliarityLimit.isEmpty()) {
      return Optional.empty();
    }
    requireShare("unfamiliarity", "within 0 to 1", outputs[1][0]);
    return Optional.of(new Unfamiliarity(outputs[1][0], unfamiliarityLimit.getAsDouble()));
  }

  private static void requireShare(String what, String expected, float value) {
    if (!(value >= 0 && value <= 1)) {
      throw new DeepXrayException(
          "The model's %s %s is not %s; export it again."
              .formatted(what, (double) value, expected));
    }
  }

  /** Waits for running calls, then frees the engines. */
  @Override
  public void close() {
    engines.close();
  }
}
