package io.github.deepxray.cli;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.EfficientNet;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.train.Backbone;
import java.io.IOException;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Which network, and its pretrained weights. */
final class BackboneOptions {
  @Option(
      names = "--weights",
      defaultValue = Backbone.IMAGENET,
      paramLabel = "<file|imagenet>",
      description =
          "Pretrained weights: a file that Keras saved (.h5, .weights.h5 or .keras), or imagenet to"
              + " take them from Keras' cache (~/.keras/models) or download them into it. Default:"
              + " ${DEFAULT-VALUE}.")
  String weights;

  @Option(
      names = "--backbone",
      defaultValue = "b0",
      paramLabel = "<b0..b7>",
      description = "Which EfficientNet; b0 is the tested one. Default: ${DEFAULT-VALUE}.")
  String backbone;

  @Option(
      names = "--image-size",
      paramLabel = "<pixels>",
      description =
          "Height and width of the images that the network reads, from "
              + SMALLEST
              + ". Smaller is faster and finds less. Default: the backbone's own, 224 for b0.")
  Optional<Integer> imageSize;

  private static final int SMALLEST = 32;

  EfficientNet variant() {
    return EfficientNet.of(backbone);
  }

  /**
   * Height and width of the images in pixels.
   *
   * @throws DeepXrayException if they are too small for the network's strides
   */
  int imageSize() {
    int size = imageSize.orElse(variant().resolution());
    if (size < SMALLEST) {
      throw new DeepXrayException(
          "--image-size " + size + " is too small; give " + SMALLEST + " or more.");
    }
    return size;
  }

  Backbone load(Progress progress) throws IOException {
    return Backbone.load(variant(), imageSize(), weights, progress);
  }
}
