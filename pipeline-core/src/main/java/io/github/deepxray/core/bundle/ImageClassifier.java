package io.github.deepxray.core.bundle;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.EnginePool;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.image.Resizer;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.metrics.Decision;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Classifies images with an engine, which it closes with itself. Any number of threads may share
 * it: it makes more engines as they need them, see {@link EnginePool}, and is as fast as a
 * classifier for each of them.
 */
public final class ImageClassifier implements AutoCloseable {
  private final EnginePool engines;
  private final List<String> labels;
  private final Decision decision;

  private ImageClassifier(InferenceEngine engine, List<String> labels, Decision decision) {
    this.engines = new EnginePool(engine, "the classifier");
    this.labels = List.copyOf(labels);
    this.decision = decision;
  }

  /**
   * Takes an engine over; it is closed if it is refused.
   *
   * @param engine turns an RGB image {@code [H, W, 3]} with values 0..255 into one probability
   * @param labels the names of the two classes
   * @param threshold from which probability on to decide for the second, 0..1
   * @param model where the engine comes from, for messages
   * @throws DeepXrayException if the engine does something else, there are not two labels, or the
   *     threshold is no probability
   */
  public static ImageClassifier of(
      InferenceEngine engine, List<String> labels, double threshold, Path model) {
    return of(engine, labels, OptionalDouble.of(threshold), model);
  }

  /**
   * Takes an engine over; it is closed if it is refused.
   *
   * @param engine turns an RGB image {@code [H, W, 3]} with values 0..255 into the probability of
   *     each class, or into that of the second of two alone
   * @param labels the names of the classes
   * @param threshold from which probability on to decide for the second of two classes, 0..1; empty
   *     if there are more, of which the most probable is decided for
   * @param model where the engine comes from, for messages
   * @throws DeepXrayException if the engine does something else, or labels and threshold do not fit
   */
  public static ImageClassifier of(
      InferenceEngine engine, List<String> labels, OptionalDouble threshold, Path model) {
    try {
      if (labels.size() < 2) {
        throw new DeepXrayException(
            model.resolve(Bundle.LABELS)
                + " names "
                + labels.size()
                + " classes, not 2 or more; export the bundle again.");
      }
      requireClassifier(engine, labels.size(), model);
      if (threshold.isPresent() != (labels.size() == 2)) {
        throw new DeepXrayException(
            model
                + " tells "
                + labels.size()
                + " classes apart, "
                + (threshold.isPresent()
                    ? "which takes no threshold: it decides for the most probable; leave it out."
                    : "which takes a threshold; give one."));
      }
      requireProbability(threshold, model);
      return new ImageClassifier(engine, labels, Decision.by(threshold));
    } catch (RuntimeException | Error e) {
      engine.close();
      throw e;
    }
  }

  private static void requireProbability(OptionalDouble threshold, Path model) {
    double value = threshold.orElse(0);
    if (!(value >= 0 && value <= 1)) {
      throw new DeepXrayException(
          "The threshold " + value + " for " + model + " is no probability; give one from 0 to 1.");
    }
  }

  /**
   * Refuses an engine that does not turn an RGB image into the probability of each class, {@code
   * [classes]}, or into that of the second of two, {@code [1]}.
   *
   * @param classes how many there are
   * @param model where the engine comes from, for the message
   * @throws DeepXrayException if it does something else
   */
  public static void requireClassifier(InferenceEngine engine, int classes, Path model) {
    List<Integer> shape = engine.inputShape();
    List<List<Integer>> outputs = engine.outputShapes();
    if (shape.size() != 3
        || shape.get(2) != 3
        || outputs.size() != 1
        || classes(outputs.get(0)) != classes) {
      throw new DeepXrayException(
          model
              + " reads "
              + shape
              + " and writes "
              + outputs
              + "; a classifier of "
              + classes
              + " classes reads [H, W, 3] and writes [["
              + (classes == 2 ? 1 : classes)
              + "]].");
    }
  }

  /**
   * The number of classes whose probabilities an output holds: a single value, of a sigmoid, is the
   * probability of the second of two.
   *
   * @param output its shape for one image
   */
  public static int classes(List<Integer> output) {
    int values = output.stream().reduce(1, Math::multiplyExact);
    return values == 1 ? 2 : values;
  }

  /**
   * From which probability on it decides for the second of two classes; empty if there are more.
   */
  public OptionalDouble threshold() {
    return decision.threshold();
  }

  /** The class names by label. */
  public List<String> labels() {
    return labels;
  }

  /**
   * Classifies an image of any size.
   *
   * @throws DeepXrayException if the model gives no probability for it
   * @throws io.github.deepxray.core.concurrent.WorkInterruptedException if the thread is
   *     interrupted while it waits or works
   * @throws IllegalStateException if the classifier is closed
   */
  public Prediction classify(RgbImage image) {
    List<Integer> shape = engines.inputShape();
    return decide(
        engines
            .run(input -> Resizer.resize(image, shape.get(0), shape.get(1)).copyTo(input, 0))[0]);
  }

  /**
   * Decides: by the threshold between two classes, else for the most probable, the first of those
   * that are.
   *
   * @param outputs what the engine gave for one image: the probability of the second of two
   *     classes, or that of each
   * @throws DeepXrayException if one is no probability
   */
  public Prediction decide(float... outputs) {
    if (classes(List.of(outputs.length)) != labels.size()) {
      throw new IllegalArgumentException(
          outputs.length + " scores of " + labels.size() + " classes");
    }
    List<Double> probabilities = new ArrayList<>();
    for (float output : outputs) {
      if (!(output >= 0 && output <= 1)) {
        throw new DeepXrayException(
            "The model gives " + (double) output + ", which is no probability; export it again.");
      }
      probabilities.add((double) output);
    }
    if (outputs.length == 1) {
      probabilities.add(0, 1 - probabilities.get(0));
    }
    int decided = decision.decide(probabilities);
    return new Prediction(
        labels.get(decided),
        probabilities.get(labels.size() == 2 ? 1 : decided),
        decision.threshold(),
        probabilities);
  }

  /** Waits for the images that are being classified, then frees the engines. */
  @Override
  public void close() {
    engines.close();
  }
}
