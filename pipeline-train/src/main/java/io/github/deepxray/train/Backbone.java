package io.github.deepxray.train;

import io.github.deepxray.core.network.EfficientNet;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.keras.KerasApplications;
import io.github.deepxray.keras.KerasBackbone;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * A feature extractor that is not trained further.
 *
 * @param variant which EfficientNet
 * @param model from images {@code [H, W, 3]}, 0..255, to the feature vector
 * @param source where the weights are from, in words
 */
public record Backbone(EfficientNet variant, Model model, String source) {
  /** Means: the ImageNet weights that Keras publishes. */
  public static final String IMAGENET = "imagenet";

  /** The channels of the expansions that are narrower than usual, by the block's name. */
  public Map<String, Integer> expansionChannels() {
    Map<String, Integer> narrowed = new TreeMap<>();
    variant
        .expansionChannels()
        .forEach(
            (block, usual) -> {
              int channels =
                  ((Layer.Conv2D) model.network().layer(block + "_expand_conv")).filters();
              if (channels != usual) {
                narrowed.put(block, channels);
              }
            });
    return narrowed;
  }

  /** The height and width of its images in pixels. */
  public int imageSize() {
    return model.network().inputShape().get(0);
  }

  /**
   * Reads a backbone at its own resolution.
   *
   * @param variant which EfficientNet
   * @param weights as of {@link #load(EfficientNet, int, String, Progress)}
   * @param progress notified of a download
   * @throws io.github.deepxray.core.DeepXrayException if the weights are not those of the variant
   * @throws IOException if they cannot be read or downloaded
   * @throws io.github.deepxray.core.concurrent.WorkInterruptedException if the thread is
   *     interrupted while it waits for a download
   */
  public static Backbone load(EfficientNet variant, String weights, Progress progress)
      throws IOException {
    return load(variant, variant.resolution(), weights, progress);
  }

  /**
   * Reads a backbone.
   *
   * @param variant which EfficientNet
   * @param imageSize height and width of its images in pixels
   * @param weights {@value #IMAGENET} to find them in Keras' cache or download them into it, or the
   *     path of a Keras {@code .h5}, {@code .weights.h5} or {@code .keras} file, see {@link
   *     KerasBackbone}
   * @param progress told of a download
   * @throws io.github.deepxray.core.DeepXrayException if the weights are not those of the variant
   * @throws IOException if they cannot be read or downloaded
   * @throws io.github.deepxray.core.concurrent.WorkInterruptedException if the thread is
   *     interrupted while it waits for a download
   */
  public static Backbone load(
      EfficientNet variant, int imageSize, String weights, Progress progress) throws IOException {
    boolean imagenet = weights.equals(IMAGENET);
    Path file =
        imagenet ? new KerasApplications().weightsFile(variant, progress) : Path.of(weights);
    Model model = new Model(variant.network(imageSize), KerasBackbone.read(file, variant));
    return new Backbone(
        variant, model, imagenet ? "ImageNet (keras.applications)" : file.getFileName().toString());
  }
}
