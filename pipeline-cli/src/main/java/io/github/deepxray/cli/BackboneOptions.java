package io.github.deepxray.cli;

import io.github.deepxray.core.backbone.Backbone;
import io.github.deepxray.core.backbone.Backbones;
import io.github.deepxray.pipeline.BackboneSpec;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Options of the backbone and its pretrained weights. */
final class BackboneOptions {
  @Option(
      names = "--weights",
      defaultValue = Backbone.IMAGENET,
      paramLabel = "<file|imagenet>",
      description =
          "Pretrained weights: a Keras file (.h5, .weights.h5 or .keras), or imagenet "
              + "for the weights in Keras' cache (~/.keras/models), downloaded if missing. "
              + "Default: ${DEFAULT-VALUE}.")
  private String weights;

  @Option(
      names = "--backbone",
      defaultValue = Backbones.DEFAULT,
      paramLabel = "<name>",
      description =
          "Backbone: EfficientNet b0 to b7 (b0 is tested), or <width>x<depth>x<pixels> "
              + "for weights of Keras' EfficientNet function with these values of "
              + "width_coefficient, depth_coefficient and default_size. Default: "
              + "${DEFAULT-VALUE}.")
  private String backbone;

  @Option(
      names = "--image-size",
      paramLabel = "<pixels>",
      description =
          "Height and width of the input images, at least 32 for an EfficientNet. "
              + "Smaller images are faster and less accurate. Default: that of the backbone, "
              + "224 for b0.")
  private Optional<Integer> imageSize;

  /**
   * Returns the backbone and its weights.
   *
   * @throws io.github.deepxray.core.DeepXrayException if the backbone does not exist, or the images
   *     are too small for its strides
   */
  BackboneSpec spec() {
    BackboneSpec spec = BackboneSpec.of(backbone).withWeights(weights);
    return imageSize.map(spec::withImageSize).orElse(spec);
  }
}
