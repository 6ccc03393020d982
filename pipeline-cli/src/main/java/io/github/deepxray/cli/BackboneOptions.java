package io.github.deepxray.cli;

import io.github.deepxray.core.backbone.Backbone;
import io.github.deepxray.core.backbone.Backbones;
import io.github.deepxray.pipeline.BackboneSpec;
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
  private String weights;

  @Option(
      names = "--backbone",
      defaultValue = Backbones.DEFAULT,
      paramLabel = "<name>",
      description =
          "Which network: of EfficientNet b0 to b7 (b0 is the tested one), or"
              + " <width>x<depth>x<pixels> for weights that Keras' EfficientNet function was"
              + " trained to with such width_coefficient, depth_coefficient and default_size."
              + " Default: ${DEFAULT-VALUE}.")
  private String backbone;

  @Option(
      names = "--image-size",
      paramLabel = "<pixels>",
      description =
          "Height and width of the images that the network reads, from 32 for an EfficientNet."
              + " Smaller is faster and finds less. Default: the backbone's own, 224 for b0.")
  private Optional<Integer> imageSize;

  /**
   * The network and its weights.
   *
   * @throws io.github.deepxray.core.DeepXrayException if there is no such network, or the images
   *     are too small for its strides
   */
  BackboneSpec spec() {
    BackboneSpec spec = BackboneSpec.of(backbone).withWeights(weights);
    return imageSize.map(spec::withImageSize).orElse(spec);
  }
}
