package io.github.deepxray.core.backbone;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.progress.Progress;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Backbone architecture: a feature extractor network, its blocks for fine-tuning and pruning, and
 * the source of its pretrained weights. Immutable; equal backbones have equal names.
 */
public interface Backbone {
  /** Value of {@code --weights} for published ImageNet weights. */
  String IMAGENET = "imagenet";

  /**
   * Name of the backbone, such as {@code efficientnetb0}; {@link Backbones#named} looks it up. It
   * is written into trained models.
   */
  String name();

  /** Height and width in pixels of the images that the architecture is designed for. */
  int imageSize();

  /** Smallest supported height and width of images in pixels. */
  int smallestImageSize();

  /** Name of the layer whose output is the feature vector, {@code [features]}. */
  String features();

  /**
   * Builds the network from RGB images {@code [imageSize, imageSize, 3]} with values 0..255,
   * preprocessing included, to {@link #features()}, its only output. The network's name is {@link
   * #name()}.
   *
   * @param imageSize height and width of the images in pixels
   */
  Network network(int imageSize);

  /**
   * Builds the network with fewer channels inside some blocks, as after channel pruning.
   *
   * @param imageSize height and width of the images in pixels
   * @param widths the number of expanded channels by the name of an {@link ExpansionBlock}; blocks
   *     not in the map keep their width
   * @throws DeepXrayException if there is no such block, or a block has fewer channels
   */
  default Network network(int imageSize, Map<String, Integer> widths) {
    if (!widths.isEmpty()) {
      throw new DeepXrayException(name() + " has no blocks that can be narrowed.");
    }
    return network(imageSize);
  }

  /**
   * Blocks whose expanded channels channel pruning may remove, in the order of the network; none by
   * default.
   */
  default List<ExpansionBlock> expansionBlocks() {
    return List.of();
  }

  /**
   * Layers that weight pruning skips by default, as names with {@code *} for any characters; none
   * by default.
   */
  default List<String> spared() {
    return List.of();
  }

  /**
   * Returns the block of a layer, from which fine-tuning can begin and by which learning rates are
   * chosen. Layers before the first block belong to none.
   *
   * @param layer the name of a layer of {@link #network}
   * @return a name such as {@code block6a}
   */
  Optional<String> block(String layer);

  /**
   * Reads pretrained weights.
   *
   * @param source {@value #IMAGENET} for published ImageNet weights, which may be downloaded, or
   *     the path of a file
   * @param progress notified of the download
   * @throws DeepXrayException if there are none, or they do not fit this network
   * @throws IOException if the weights cannot be read or downloaded
   */
  PretrainedWeights weights(String source, Progress progress) throws IOException;
}
