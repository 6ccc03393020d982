package io.github.deepxray.train;

import io.github.deepxray.core.backbone.Backbone;
import io.github.deepxray.core.backbone.ExpansionBlock;
import io.github.deepxray.core.backbone.PretrainedWeights;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.progress.Progress;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;

/**
 * A backbone with its weights.
 *
 * @param backbone the architecture
 * @param model from images {@code [H, W, 3]}, 0..255, to the feature vector
 * @param source where the weights are from, in words
 */
public record BackboneModel(Backbone backbone, Model model, String source) {
  /** The channels of the expansions that are narrower than usual, by the block's name. */
  public Map<String, Integer> expansionChannels() {
    Map<String, Integer> narrowed = new TreeMap<>();
    Network usual = backbone.network(imageSize());
    for (ExpansionBlock block : backbone.expansionBlocks()) {
      int channels = filters(model.network(), block);
      if (channels != filters(usual, block)) {
        narrowed.put(block.name(), channels);
      }
    }
    return narrowed;
  }

  private static int filters(Network network, ExpansionBlock block) {
    return ((Layer.Conv2D) network.layer(block.expand())).filters();
  }

  /** The height and width of its images in pixels. */
  public int imageSize() {
    return model.network().inputShape().get(0);
  }

  /**
   * Reads a backbone.
   *
   * @param backbone the architecture
   * @param imageSize height and width of its images in pixels
   * @param weights as of {@link Backbone#weights}
   * @param progress notified of a download
   * @throws io.github.deepxray.core.DeepXrayException if the weights are not those of the backbone
   * @throws IOException if they cannot be read or downloaded
   */
  public static BackboneModel load(
      Backbone backbone, int imageSize, String weights, Progress progress) throws IOException {
    PretrainedWeights pretrained = backbone.weights(weights, progress);
    return new BackboneModel(
        backbone,
        new Model(backbone.network(imageSize), pretrained.weights()),
        pretrained.source());
  }
}
