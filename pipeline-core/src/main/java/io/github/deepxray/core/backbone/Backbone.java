package io.github.deepxray.core.backbone;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.progress.Progress;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Architecture of a feature extractor: its network, the parts that training and pruning treat on
 * their own, and where its pretrained weights come from. Immutable; equal backbones have equal
 * names.
 */
public interface Backbone {
  /** The value of {@code --weights} that stands for published ImageNet weights. */
  String IMAGENET = "imagenet";

  /**
   * The name, by which {@link Backbones#named} finds it again, such as {@code efficientnetb0}. It
   * is written into trained models.
   */
  String name();

  /** The height and width of images in pixels that it is designed for. */
  int imageSize();

  /** The smallest height and width of images in pixels that it can read. */
  int smallestImageSize();

  /** The name of the layer that writes the feature vector, {@code [features]}. */
  String features();

  /**
   * The network from RGB images {@code [imageSize, imageSize, 3]} with values 0..255, preprocessing
   * included, to {@link #features()}, its only output. Its name is {@link #name()}.
   *
   * @param imageSize height and width of the images in pixels
   */
  Network network(int imageSize);

  /**
   * The network with fewer channels inside some blocks, as channel pruning leaves it.
   *
   * @param imageSize height and width of the images in pixels
   * @param widths the number of expanded channels by the name of an {@link ExpansionBlock}; blocks
   *     that are not named keep theirs
   * @throws DeepXrayException if there is no such block, or it has not so many channels
   */
  default Network network(int imageSize, Map<String, Integer> widths) {
    if (!widths.isEmpty()) {
      throw new DeepXrayException(name() + " has no blocks that can be narrowed.");
    }
    return network(imageSize);
  }

  /** The blocks whose expansions channel pruning may narrow, from the input on; none by default. */
  default List<ExpansionBlock> expansionBlocks() {
    return List.of();
  }

  /**
   * The layers that pruning of weights leaves alone unless the user says otherwise: names, with
   * {@code *} for any characters; none by default.
   */
  default List<String> spared() {
    return List.of();
  }

  /**
   * The block of a layer: fine-tuning can begin at each, learning rates are chosen by them. Layers
   * before the first block belong to none.
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
   * @param progress notified of a download
   * @throws DeepXrayException if there are none, or they are not those of this network
   * @throws IOException if they cannot be read or downloaded
   */
  PretrainedWeights weights(String source, Progress progress) throws IOException;
}
