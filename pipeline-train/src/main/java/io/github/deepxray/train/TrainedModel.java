package io.github.deepxray.train;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.io.Json;
import io.github.deepxray.core.network.EfficientNet;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.weights.Safetensors;
import io.github.deepxray.train.head.HeadNetworks;
import io.github.deepxray.train.head.HeadSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A trained classifier and what is known about how it came about.
 *
 * @param description everything but the weights
 * @param model from images {@code [H, W, 3]}, 0..255, to the probability {@code [1]}
 */
public record TrainedModel(Description description, Model model) {
  /** The file of the weights in a training's folder. */
  public static final String WEIGHTS = "model.safetensors";

  /** The file of the description in a training's folder. */
  public static final String DESCRIPTION = "training.json";

  private static final String FORMAT = "deepxray-training/1";

  /**
   * How a classifier came about.
   *
   * @param format the version of this description
   * @param backbone the Keras name of the backbone
   * @param imageSize height and width of its images in pixels
   * @param backboneSource where the backbone's weights are from, in words
   * @param backboneSha256 the hash of the backbone's weights
   * @param head the head
   * @param seed of everything random in training
   * @param engine what computed the embeddings, with its version
   * @param dataset the fingerprint of the data set
   * @param positiveShare the share of positives in the training split
   * @param epochs how many epochs were trained
   * @param thresholds the decision thresholds chosen on the validation split
   */
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
      double positiveShare,
      int epochs,
      DecisionThresholds thresholds) {}

  /** Describes a training. */
  static Description description(
      Backbone backbone,
      HeadSpec head,
      long seed,
      String engine,
      String dataset,
      double positiveShare,
      int epochs,
      DecisionThresholds thresholds) {
    return new Description(
        FORMAT,
        backbone.variant().kerasName(),
        backbone.imageSize(),
        backbone.source(),
        backbone.model().weights().sha256(),
        head,
        seed,
        engine,
        dataset,
        positiveShare,
        epochs,
        thresholds);
  }

  /** The backbone alone: from images to features. */
  public Model backbone() {
    return model.cutAt(EfficientNet.FEATURES);
  }

  /** The head alone: from features to the probability. */
  public Model head() {
    int features = model.network().size(EfficientNet.FEATURES);
    return new Model(HeadNetworks.inference(description.head(), features), model.weights());
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
          folder
              + " holds no trained model (no "
              + DESCRIPTION
              + "); run the train command first.");
    }
    Description description = Json.read(file, Description.class);
    if (!FORMAT.equals(description.format())) {
      throw new DeepXrayException(
          file
              + " is of the format "
              + description.format()
              + ", not "
              + FORMAT
              + "; train again.");
    }
    Network backbone = EfficientNet.of(description.backbone()).network(description.imageSize());
    int features = backbone.size(EfficientNet.FEATURES);
    Network network = backbone.then(HeadNetworks.inference(description.head(), features));
    return new TrainedModel(
        description, new Model(network, Safetensors.read(folder.resolve(WEIGHTS))));
  }
}
