package io.github.deepxray.train;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.backbone.Backbone;
import io.github.deepxray.core.backbone.Backbones;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.internal.io.Fingerprint;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.internal.io.Omittable;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.weights.Safetensors;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.optimize.internal.prune.Pruner;
import io.github.deepxray.optimize.prune.PruningSpec;
import io.github.deepxray.train.internal.head.HeadNetworks;
import io.github.deepxray.train.internal.stage.HistoryFile;
import io.github.deepxray.train.recipe.FineTuningRecipe;
import io.github.deepxray.train.recipe.GuardMode;
import io.github.deepxray.train.recipe.HeadSpec;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Trained classifier with a description of its training.
 *
 * @param description all except the weights
 * @param model network and weights, from images {@code [H, W, 3]}, 0..255, to the probability
 *     {@code [1]}, or for more than two classes to the probability of each
 */
public record TrainedModel(Description description, Model model) {
  /** Name of the weights file in a training folder. */
  public static final String WEIGHTS = "model.safetensors";

  /** Name of the description file in a training folder. */
  public static final String DESCRIPTION = "training.json";

  /** Names of the files in a training folder. */
  public static final List<String> FILES = List.of(WEIGHTS, DESCRIPTION, HistoryFile.NAME);

  /** The format that this version writes and reads. */
  public static final String FORMAT = "deepxray-training/1";

  /**
   * Description of a trained classifier.
   *
   * @param format version of this description
   * @param backbone the Keras name of the backbone
   * @param imageSize height and width of its images in pixels
   * @param backboneSource origin of the backbone's weights, as text
   * @param backboneSha256 the hash of the backbone's weights before any fine-tuning or pruning
   * @param head the head
   * @param seed seed of the training
   * @param engine engine that computed the embeddings, with its version
   * @param dataset the fingerprint of the data set
   * @param positiveShare the share of positives in the training split; empty for more than two
   *     classes
   * @param epochs number of trained epochs
   * @param decision decision rule: thresholds chosen on the validation split, or the most probable
   *     of more than two classes
   * @param fineTuning fine-tuning of the backbone, if any
   * @param pruning pruning of weights, if any
   * @param expansionChannels remaining channels of pruned expansions, by block name
   * @param parent hash of the weights of the classifier that was pruned or fine-tuned to this one,
   *     if any
   * @param fit how images that are not square become its input, as those of the data set did
   * @param calibration calibration of the probabilities, part of the network
   * @param guard whether deployed forms have an input guard
   */
  @RecordBuilder
  public record Description(
      String format,
      String backbone,
      int imageSize,
      String backboneSource,
      String backboneSha256,
      HeadSpec head,
      long seed,
      String engine,
      String dataset,
      @JsonInclude(JsonInclude.Include.NON_ABSENT) Optional<Double> positiveShare,
      int epochs,
      @JsonProperty("thresholds") DecisionRule decision,
      Optional<FineTuning> fineTuning,
      Optional<Pruning> pruning,
      Map<String, Integer> expansionChannels,
      Optional<String> parent,
      @Omittable Fit fit,
      @Omittable ProbabilityCalibration calibration,
      @Omittable GuardMode guard)
      implements TrainedModelDescriptionBuilder.With {
    /** Copies the map and checks the numbers. */
    public Description {
      if (imageSize < 1 || epochs < 0) {
        throw new IllegalArgumentException(
            "images of " + imageSize + " pixels and " + epochs + " epochs cannot be");
      }
      expansionChannels = Collections.unmodifiableMap(new TreeMap<>(expansionChannels));
      fit = fit == null ? Fit.STRETCH : fit;
      calibration = calibration == null ? ProbabilityCalibration.NONE : calibration;
      guard = guard == null ? GuardMode.NONE : guard;
    }

    /** Number of classes. */
    public int classes() {
      return decision.classes();
    }

    /**
     * The architecture of the backbone.
     *
     * @throws DeepXrayException if it is not on the class path
     */
    public Backbone architecture() {
      return Backbones.named(backbone);
    }

    /** Network of the whole classifier, from images to one or more probabilities. */
    public Network network() {
      Backbone architecture = architecture();
      Network images = architecture.network(imageSize, expansionChannels);
      return images.then(
          HeadNetworks.inference(
              head,
              images.size(architecture.features()),
              classes(),
              calibration.slope(),
              calibration.offset()));
    }

    /** Names of the head's layers with pruned weights, in network order. */
    public List<String> prunedHeadLayers() {
      if (pruning.isEmpty()) {
        return List.of();
      }
      List<String> kernels = Pruner.atOnce(pruning.get().spec(), network()).weights();
      return HeadNetworks.inference(head, 1, classes()).layers().stream()
          .map(Layer::name)
          .filter(name -> kernels.contains(name + "/kernel"))
          .toList();
    }
  }

  /**
   * Fine-tuning of a backbone.
   *
   * @param spec training settings
   * @param seed seed of the fine-tuning
   * @param epochs number of trained epochs
   * @param bestEpoch epoch with the best weights, which were kept; from 1
   */
  public record FineTuning(FineTuningRecipe spec, long seed, int epochs, int bestEpoch) {}

  /**
   * Pruning of weights.
   *
   * @param spec pruning options
   * @param sparsity resulting share of zeros among the prunable weights
   */
  public record Pruning(PruningSpec spec, double sparsity) {}

  /**
   * Checks that a data set is the one of the training.
   *
   * @param advice end of the error message: the consequence and what to do
   * @throws DeepXrayException if it is another data set
   */
  public void requireTrainedOn(PreparedDataset dataset, String advice) {
    if (!description.dataset().equals(dataset.fingerprint())) {
      throw new DeepXrayException(
          "The model was trained on another data set than " + dataset.folder() + advice);
    }
  }

  /**
   * Returns a classifier with a description and weights.
   *
   * @param weights at least those of the description's network
   */
  public static TrainedModel of(Description description, Weights weights) {
    return new TrainedModel(description, new Model(description.network(), weights));
  }

  /** Returns the classifier with another calibration and another decision rule. */
  public TrainedModel deciding(ProbabilityCalibration calibration, DecisionRule rule) {
    return of(description.withCalibration(calibration).withDecision(rule), model.weights());
  }

  /** Returns the hash of weights, network and description. */
  public String fingerprint() {
    return Fingerprint.of(List.of(description, model.fingerprint()));
  }

  /** Name of the layer that computes the feature vector. */
  public String features() {
    return description.architecture().features();
  }

  /** Returns the backbone, from images to the feature vector. */
  public Model backbone() {
    return model.cutAt(features());
  }

  /** Returns the head, from the feature vector to one or more probabilities. */
  public Model head() {
    return head(description.calibration());
  }

  /** Returns the head without calibration of the probabilities. */
  public Model uncalibratedHead() {
    return head(ProbabilityCalibration.NONE);
  }

  private Model head(ProbabilityCalibration calibration) {
    int features = model.network().size(features());
    return new Model(
        HeadNetworks.inference(
            description.head(),
            features,
            description.classes(),
            calibration.slope(),
            calibration.offset()),
        model.weights());
  }

  /** Returns the network without calibration of the probabilities. */
  public Model uncalibrated() {
    return backbone().then(uncalibratedHead());
  }

  /**
   * Writes the classifier into a folder; the description is written last, so that a folder with a
   * description is complete.
   *
   * @throws IOException if a file cannot be written
   */
  public void save(Path folder) throws IOException {
    Files.deleteIfExists(folder.resolve(DESCRIPTION));
    Safetensors.write(folder.resolve(WEIGHTS), model.weights());
    Json.write(folder.resolve(DESCRIPTION), description);
  }

  /**
   * Reads a saved classifier.
   *
   * @throws DeepXrayException if the folder has none, or it is damaged
   * @throws IOException if a file cannot be read
   */
  public static TrainedModel load(Path folder) throws IOException {
    Path file = folder.resolve(DESCRIPTION);
    if (!Files.isRegularFile(file)) {
      throw new DeepXrayException(
          "%s holds no trained model (no %s); run the train command first."
              .formatted(folder, DESCRIPTION));
    }
    Description description = Json.read(file, Map.of(FORMAT, Description.class), "train again");
    return of(description, Safetensors.read(folder.resolve(WEIGHTS)));
  }
}
