package io.github.deepxray.pipeline;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.backbone.Backbone;
import io.github.deepxray.core.backbone.Backbones;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.train.BackboneModel;
import io.github.deepxray.train.internal.UntrainedBackbone;
import io.github.deepxray.train.stage.Context;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.io.IOException;
import java.util.List;

/**
 * Backbone of a run and its pretrained weights.
 *
 * @param backbone the architecture
 * @param imageSize height and width of the images in pixels
 * @param weights {@value Backbone#IMAGENET}, or the path of a weights file, see {@link
 *     Backbone#weights}
 */
@RecordBuilder
public record BackboneSpec(Backbone backbone, int imageSize, String weights)
    implements BackboneSpecBuilder.With {
  /** Checks the image size. */
  public BackboneSpec {
    if (imageSize < backbone.smallestImageSize()) {
      throw new DeepXrayException(
          "The image size "
              + imageSize
              + " is too small for "
              + backbone.name()
              + "; give "
              + backbone.smallestImageSize()
              + " or more.");
    }
  }

  /** Returns a backbone at its default resolution with ImageNet weights. */
  public static BackboneSpec of(Backbone backbone) {
    return new BackboneSpec(backbone, backbone.imageSize(), Backbone.IMAGENET);
  }

  /**
   * Returns the backbone of a name, at its default resolution with ImageNet weights.
   *
   * @throws DeepXrayException if no backbone has that name
   */
  public static BackboneSpec of(String name) {
    return of(Backbones.named(name));
  }

  /**
   * Reads the weights.
   *
   * @param progress notified of a download
   * @throws DeepXrayException if the weights do not fit the backbone
   * @throws IOException if they cannot be read or downloaded
   */
  public BackboneModel load(Progress progress) throws IOException {
    return BackboneModel.load(backbone, imageSize, weights, progress);
  }

  /**
   * Returns the backbone with random, untrained weights, for demonstrations and tests without a
   * download.
   *
   * @param images images on which the statistics of the batch normalizations are measured; they are
   *     resized
   * @param seed seed of the weights
   * @param context engine, processor cores and cache to use
   */
  public BackboneModel untrained(List<RgbImage> images, long seed, Context context) {
    return UntrainedBackbone.calibrated(backbone, imageSize, images, seed, context);
  }
}
