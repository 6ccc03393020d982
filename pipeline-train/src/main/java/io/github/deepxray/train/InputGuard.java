package io.github.deepxray.train;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.internal.math.Logits;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.weights.Safetensors;
import io.github.deepxray.train.internal.head.GuardNetwork;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Input guard of a classifier: a second output {@code unfamiliarity} {@code [1]}, 0..1, that tells
 * how unlike the training images an input is, computed from the backbone's features.
 *
 * <p>It combines two detectors: the squared distance of the standardized features from the space of
 * the first principal components of the training images, and a linear discriminant between training
 * images and distorted copies of them (inverted, rotated, enlarged, blurred, dark, bright). It is
 * fitted without any image of the test split.
 *
 * @param description what it was fitted on, and how well it detects distorted validation images
 * @param network from the feature vector {@code [F]} to {@code unfamiliarity}; empty for no guard
 */
public record InputGuard(Description description, Optional<Model> network) {
  /** No guard: classifiers stay as they are. */
  public static final InputGuard NONE =
      new InputGuard(new Description("", "", "", 0, Map.of(), Map.of()), Optional.empty());

  /** Name of the description file, also in a bundle. */
  public static final String FILE = "guard.json";

  /** Name of the weights file. */
  public static final String WEIGHTS = "guard.safetensors";

  /** Name of the randomly framed validation images in {@link Description#flagged}. */
  public static final String FRAMED = "framed";

  /** The format that this version writes and reads. */
  public static final String FORMAT = "deepxray-guard/1";

  /** Share of the unchanged validation images beyond the limit. */
  public static final double BEYOND = 0.01;

  /**
   * Description of a guard.
   *
   * @param format version of this description
   * @param model hash of the guarded classifier's weights
   * @param dataset the fingerprint of the data set
   * @param components number of principal components
   * @param flagged share of images beyond the limit, 0..1, of {@code validation}, {@code framed}
   *     (randomly framed validation images) and {@code test}; that of {@code validation} is {@value
   *     #BEYOND} by construction
   * @param distortions for each kind of distorted validation images how well they are detected
   */
  public record Description(
      String format,
      String model,
      String dataset,
      int components,
      Map<String, Double> flagged,
      Map<String, Detection> distortions) {
    private static final Set<String> FLAGGED = Set.of("validation", FRAMED, "test");

    /** Copies the maps and checks the shares. */
    public Description {
      flagged = Collections.unmodifiableMap(new TreeMap<>(flagged));
      distortions = Collections.unmodifiableMap(new TreeMap<>(distortions));
      if (!distortions.isEmpty() && !flagged.keySet().equals(FLAGGED)) {
        throw new IllegalArgumentException("flagged needs the shares of " + FLAGGED);
      }
      if (!flagged.values().stream().allMatch(share -> share >= 0 && share <= 1)) {
        throw new IllegalArgumentException("a share is not between 0 and 1");
      }
    }

    /** Whether there is a guard. */
    public boolean present() {
      return !distortions.isEmpty();
    }

    /** Mean share of the distorted validation images beyond the limit, 0..1; 0 without a guard. */
    public double detected() {
      return distortions.values().stream().mapToDouble(Detection::flagged).average().orElse(0);
    }
  }

  /**
   * Detection of one kind of distorted images.
   *
   * @param fitted whether such images of the training split were examples for the guard
   * @param images number of distorted validation images
   * @param auc area under the ROC curve between these and the unchanged validation images, 0..1
   * @param flagged share beyond the limit, 0..1
   */
  public record Detection(boolean fitted, int images, double auc, double flagged) {
    /** Checks the ranges. */
    public Detection {
      if (images < 1 || !(auc >= 0 && auc <= 1) || !(flagged >= 0 && flagged <= 1)) {
        throw new IllegalArgumentException(images + " images, auc " + auc + ", share " + flagged);
      }
    }
  }

  /**
   * Returns the limit for unfamiliarities of unchanged validation images: 1 % of the images lie
   * above it, or none of fewer than 100, with a margin of 1 in the logit.
   *
   * @param unfamiliarities at least one value, 0..1
   */
  public static double limit(double[] unfamiliarities) {
    double[] sorted = unfamiliarities.clone();
    Arrays.sort(sorted);
    int beyond = (int) Math.floor(sorted.length * BEYOND);
    double below = sorted[sorted.length - 1 - beyond];
    // Halfway, so that rounding differences do not change what is flagged.
    return beyond == 0
        ? Logits.sigmoid(Logits.of(below) + 1)
        : (below + sorted[sorted.length - beyond]) / 2;
  }

  /**
   * Returns a classifier with this guard's output after its own; without a guard the classifier
   * itself.
   *
   * @param features name of the classifier's tensor with the feature vector
   */
  public Model attach(Model classifier, String features) {
    if (network.isEmpty()) {
      return classifier;
    }
    Network own = classifier.network();
    List<Layer> layers = new ArrayList<>(own.layers());
    layers.addAll(GuardNetwork.layers(features, description.components()));
    List<String> outputs = new ArrayList<>(own.outputs());
    outputs.addAll(network.get().network().outputs());
    return new Model(
        new Network(own.name(), own.input(), own.inputShape(), layers, outputs),
        classifier.weights().plus(network.get().weights()),
        classifier.quantization());
  }

  /** Returns the hash of the guard's weights; empty for no guard. */
  public String fingerprint() {
    return network.map(Model::fingerprint).orElse("");
  }

  /**
   * Writes the guard into a folder.
   *
   * @throws IOException if a file cannot be written
   */
  public void save(Path folder) throws IOException {
    Safetensors.write(folder.resolve(WEIGHTS), network.orElseThrow().weights());
    Json.write(folder.resolve(FILE), description);
  }

  /**
   * Reads a description.
   *
   * @throws DeepXrayException if it is damaged
   * @throws IOException if it cannot be read
   */
  public static Description describe(Path file) throws IOException {
    return Json.read(file, Map.of(FORMAT, Description.class), "export again");
  }

  /**
   * Reads a saved guard.
   *
   * @param features length of the feature vector
   * @throws DeepXrayException if it is damaged
   * @throws IOException if a file cannot be read
   */
  public static InputGuard load(Path folder, int features) throws IOException {
    Description description = describe(folder.resolve(FILE));
    return new InputGuard(
        description,
        Optional.of(
            new Model(
                GuardNetwork.network(features, description.components()),
                Safetensors.read(folder.resolve(WEIGHTS)))));
  }
}
