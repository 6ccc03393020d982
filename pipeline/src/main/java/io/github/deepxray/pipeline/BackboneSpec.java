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
 * The backbone of a run and its pretrained weights.
 *
 * @param backbone the architecture
 * @param imageSize height and width of the images in pixels
 * @param weights {@value Backbone#IMAGENET}, or the path of a file, see {@link Backbone#weights}
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

  /** A backbone at its own resolution with ImageNet weights. */
  public static BackboneSpec of(Backbone backbone) {
    return new BackboneSpec(backbone, backbone.imageSize(), Backbone.IMAGENET);
  }

  /**
   * A backbone by its name, at its own resolution with ImageNet weights.
   *
   * @throws DeepXrayException if there is none of that name
   */
  public static BackboneSpec of(String name) {
    return of(Backbones.named(name));
  }

  /**
   * Reads the weights.
   *
   * @param progress notified of a download
   * @throws DeepXrayException if the weights are not those of the backbone
   * @throws IOException if they cannot be read or downloaded
   */
  public BackboneModel load(Progress progress) throws IOException {
    return BackboneModel.load(backbone, imageSize, weights, progress);
  }

  /**
   * The backbone with random weights, which has learnt nothing: for trying things out without a
   * download.
   *
   * @param images what the statistics of its batch normalizations are measured on; resized
   * @param seed of the weights
   * @param context the surroundings to run it in
   */
  public BackboneModel untrained(List<RgbImage> images, long seed, Context context) {
    return UntrainedBackbone.calibrated(backbone, imageSize, images, seed, context);
  }
}
