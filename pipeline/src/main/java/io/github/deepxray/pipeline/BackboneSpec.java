package io.github.deepxray.pipeline;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.EfficientNet;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.train.Backbone;
import java.io.IOException;

/**
 * The backbone of a run and its pretrained weights.
 *
 * @param network which EfficientNet
 * @param imageSize height and width of the images in pixels
 * @param weights {@value Backbone#IMAGENET}, or the path of a file that Keras saved ({@code .h5},
 *     {@code .weights.h5} or {@code .keras})
 */
public record BackboneSpec(EfficientNet network, int imageSize, String weights) {
  /** EfficientNetB0 at 224 pixels with the ImageNet weights that Keras publishes. */
  public static final BackboneSpec DEFAULT = of(EfficientNet.B0);

  /** Checks the image size. */
  public BackboneSpec {
    if (imageSize < EfficientNet.SMALLEST_RESOLUTION) {
      throw new DeepXrayException(
          "The image size "
              + imageSize
              + " is too small; give "
              + EfficientNet.SMALLEST_RESOLUTION
              + " or more.");
    }
  }

  /** A network at its own resolution with ImageNet weights. */
  public static BackboneSpec of(EfficientNet network) {
    return new BackboneSpec(network, network.resolution(), Backbone.IMAGENET);
  }

  /** The same with images of another size. */
  public BackboneSpec withImageSize(int pixels) {
    return new BackboneSpec(network, pixels, weights);
  }

  /** The same with other weights. */
  public BackboneSpec withWeights(String fileOrImagenet) {
    return new BackboneSpec(network, imageSize, fileOrImagenet);
  }

  /**
   * Reads the weights.
   *
   * @param progress notified of a download
   * @throws DeepXrayException if the weights are not those of the network
   * @throws IOException if they cannot be read or downloaded
   */
  public Backbone load(Progress progress) throws IOException {
    return Backbone.load(network, imageSize, weights, progress);
  }
}
