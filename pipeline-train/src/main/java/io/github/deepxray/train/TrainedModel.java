package io.github.deepxray.train;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.backbone.Backbone;
import io.github.deepxray.core.backbone.Backbones;
import io.github.deepxray.core.internal.io.Fingerprint;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.weights.Safetensors;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.optimize.internal.prune.Pruner;
import io.github.deepxray.optimize.prune.PruningSpec;
import io.github.deepxray.train.internal.head.HeadNetworks;
import io.github.deepxray.train.internal.stage.HistoryFile;
import io.github.deepxray.train.recipe.FineTuningRecipe;
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
 * A trained classifier and what is known about how it came about.
 *
 * @param description everything but the weights
 * @param model from images {@code [H, W, 3]}, 0..255, to the probability {@code [1]}, or of more
 *     than two classes to the probability of each
 */
public record TrainedModel(Description description, Model model) {
  /** The file of the weights in a training's folder. */
  public static final String WEIGHTS = "model.safetensors";

  /** The file of the description in a training's folder. */
  public static final String DESCRIPTION = "training.json";

  /** The files that a training leaves in its folder. */
  public static final List<String> FILES = List.of(WEIGHTS, DESCRIPTION, HistoryFile.NAME);

  /** The format that this version writes and reads. */
  public static final String FORMAT = "deepxray-training/1";

  /**
   * How a classifier came about.
   *
   * @param format the version of this description
   * @param backbone the Keras name of the backbone
   * @param imageSize height and width of its images in pixels
   * @param backboneSource where the backbone's weights are from, in words
   * @param backboneSha256 the hash of the backbone's weights before any fine-tuning or pruning
   * @param head the head
   * @param seed of everything random in training
   * @param engine what computed the embeddings, with its version
   * @param dataset the fingerprint of the data set
   * @param positiveShare the share of positives in the training split; empty for more than two
   *     classes
   * @param epochs how many epochs were trained
   * @param decision how it decides: by the thresholds chosen on the validation split, or for the
   *     most probable of more than two classes
   * @param fineTuning how the backbone was trained further, if it was
   * @param pruning how weights were removed, if they were
   * @param expansionChannels the channels left in blocks whose expansion was narrowed, by the
   *     block's name
   * @param parent the hash of the weights of the classifier that this one was made from by pruning
   *     or fine-tuning, if it was
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
      Optional<String> parent)
      implements TrainedModelDescriptionBuilder.With {
    /** Copies the map and checks the numbers. */
    public Description {
      if (imageSize < 1 || epochs < 0) {
        throw new IllegalArgumentException(
            "images of " + imageSize + " pixels and " + epochs + " epochs cannot be");
      }
      expansionChannels = Collections.unmodifiableMap(new TreeMap<>(expansionChannels));
    }

    /** How many classes it tells apart. */
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

    /** The network of the whole classifier, from images to the probability or probabilities. */
    public Network network() {
      Backbone architecture = architecture();
      Network images = architecture.network(imageSize, expansionChannels);
      return images.then(
          HeadNetworks.inference(head, images.size(architecture.features()), classes()));
    }

    /** The names of the head's layers of whose weights pruning set some to zero, in their order. */
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
   * How a backbone was trained further.
   *
   * @param spec how
   * @param seed of everything random in it
   * @param epochs how many epochs were trained
   * @param bestEpoch the epoch whose weights were kept, from 1
   */
  public record FineTuning(FineTuningRecipe spec, long seed, int epochs, int bestEpoch) {}

  /**
   * Which weights were set to zero.
   *
   * @param spec how they were chosen
   * @param sparsity the share of zeros that came of it, of the weights that the specification's
   *     share is of
   */
  public record Pruning(PruningSpec spec, double sparsity) {}

  /**
   * Refuses another data set than the one it was trained on.
   *
   * @param advice what is wrong with it and what to do, the end of the message
   * @throws DeepXrayException if it is another one
   */
  public void requireTrainedOn(PreparedDataset dataset, String advice) {
    if (!description.dataset().equals(dataset.fingerprint())) {
      throw new DeepXrayException(
          "The model was trained on another data set than " + dataset.folder() + advice);
    }
  }

  /** The hash of weights, network and description. */
  public String fingerprint() {
    return Fingerprint.of(List.of(description, model.fingerprint()));
  }

  /** The name of the layer that writes the feature vector. */
  public String features() {
    return description.architecture().features();
  }

  /** The backbone alone: from images to features. */
  public Model backbone() {
    return model.cutAt(features());
  }

  /** The head alone: from features to the probability or probabilities. */
  public Model head() {
    int features = model.network().size(features());
    return new Model(
        HeadNetworks.inference(description.head(), features, description.classes()),
        model.weights());
  }

  /**
   * Writes the classifier into a folder; the description comes last, so that a folder with one is
   * whole.
   *
   * @throws IOException if a file cannot be written
   */
  public void save(Path folder) throws IOException {
    Files.deleteIfExists(folder.resolve(DESCRIPTION));
    Safetensors.write(folder.resolve(WEIGHTS), model.weights());
    Json.write(folder.resolve(DESCRIPTION), description);
  }

  /**
   * Reads a classifier that was saved.
   *
   * @throws DeepXrayException if there is none in the folder, or it is damaged
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
    return new TrainedModel(
        description, new Model(description.network(), Safetensors.read(folder.resolve(WEIGHTS))));
  }
}
