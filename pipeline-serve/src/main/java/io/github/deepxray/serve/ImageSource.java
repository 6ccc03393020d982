package io.github.deepxray.serve;

import io.github.deepxray.classify.PredictionMonitor.Quantity;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.ImageFormats;
import io.github.deepxray.core.image.ImageLimits;
import io.github.deepxray.core.image.RgbImage;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Images of a request, which are decoded one after another.
 *
 * @param count number of images
 * @param filling writer of one image
 */
record ImageSource(int count, Filling filling) {
  /** Writer of images. */
  @FunctionalInterface
  interface Filling {
    /**
     * Writes an image.
     *
     * @param index index of the image
     * @param target array for {@code height * width * 3} values 0..255
     * @param offset position of the first value
     * @param checkpoint called after each step that takes time; throws {@link ApiException} after
     *     the deadline of the request or when the server closes
     * @return height and width of the source's image, if known
     * @throws ApiException if the image cannot be decoded
     */
    Map<Quantity, Double> fill(int index, float[] target, int offset, Runnable checkpoint);
  }

  /**
   * Returns a source of decoded images.
   *
   * @param values values of all images, {@code [count, height, width, 3]}
   * @param count number of images
   */
  static ImageSource ofFloats(float[] values, int count) {
    int size = values.length / count;
    return new ImageSource(
        count,
        (index, target, offset, checkpoint) -> {
          System.arraycopy(values, index * size, target, offset, size);
          return Map.of();
        });
  }

  /**
   * Returns a source of image files of any size in the supported formats.
   *
   * @param fit makes an image the model's input
   * @param limits size limits of images
   */
  static ImageSource ofFiles(List<byte[]> files, UnaryOperator<RgbImage> fit, ImageLimits limits) {
    return new ImageSource(
        files.size(),
        (index, target, offset, checkpoint) -> {
          RgbImage image =
              decode(files.get(index), files.size() == 1 ? "The image" : "Image " + index, limits);
          checkpoint.run();
          fit.apply(image).copyTo(target, offset);
          return size(image);
        });
  }

  /** Returns height and width of an image. */
  static Map<Quantity, Double> size(RgbImage image) {
    return Map.of(Quantity.HEIGHT, (double) image.height(), Quantity.WIDTH, (double) image.width());
  }

  /**
   * Decodes a file.
   *
   * @throws ApiException if the file cannot be decoded
   */
  static RgbImage decode(byte[] file, String what, ImageLimits limits) {
    try {
      return ImageCodec.decode(file, what, limits, ImageFormats.served()).image();
    } catch (DeepXrayException e) {
      throw ApiException.badRequest(e.getMessage());
    }
  }
}
