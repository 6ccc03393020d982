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
 * Backbone with its weights.
 *
 * @param backbone the architecture
 * @param model network and weights, from images {@code [H, W, 3]}, 0..255, to the feature vector
 * @param source origin of the weights, as text
 */
public record BackboneModel(Backbone backbone, Model model, String source) {
  /** Returns the channel counts of pruned expansions, by block name. */
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
   * @param imageSize height and width of the input images in pixels
   * @param weights weights as in {@link Backbone#weights}
   * @param progress notified of a download
   * @throws io.github.deepxray.core.DeepXrayException if the weights do not fit the backbone
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
