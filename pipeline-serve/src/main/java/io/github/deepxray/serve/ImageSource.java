package io.github.deepxray.serve;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.ImageFormats;
import io.github.deepxray.core.image.ImageLimits;
import io.github.deepxray.core.image.Resizer;
import io.github.deepxray.core.image.RgbImage;
import java.util.List;

/**
 * The images of a request, made ready for the model one after the other.
 *
 * @param count how many there are
 * @param filling writes one
 */
record ImageSource(int count, Filling filling) {
  /** Writes images. */
  @FunctionalInterface
  interface Filling {
    /**
     * Writes an image.
     *
     * @param index which
     * @param target takes {@code height * width * 3} values 0..255
     * @param offset the place of the first
     * @param checkpoint to run after each step that takes time; throws {@link ApiException} if the
     *     request's time is up or the server ends
     * @throws ApiException if it cannot be decoded
     */
    void fill(int index, float[] target, int offset, Runnable checkpoint);
  }

  /**
   * Images that are numbers already.
   *
   * @param values all, {@code [count, height, width, 3]}
   * @param count how many images
   */
  static ImageSource ofFloats(float[] values, int count) {
    int size = values.length / count;
    return new ImageSource(
        count,
        (index, target, offset, checkpoint) ->
            System.arraycopy(values, index * size, target, offset, size));
  }

  /**
   * Image files of any size in the formats that are served.
   *
   * @param height of the model's input
   * @param width of the model's input
   * @param limits how large an image may be
   */
  static ImageSource ofFiles(List<byte[]> files, int height, int width, ImageLimits limits) {
    return new ImageSource(
        files.size(),
        (index, target, offset, checkpoint) -> {
          RgbImage image =
              decode(files.get(index), files.size() == 1 ? "The image" : "Image " + index, limits);
          checkpoint.run();
          Resizer.resize(image, height, width).copyTo(target, offset);
        });
  }

  /**
   * Decodes a file.
   *
   * @throws ApiException if that is not possible
   */
  static RgbImage decode(byte[] file, String what, ImageLimits limits) {
    try {
      return ImageCodec.decode(file, what, limits, ImageFormats.served()).image();
    } catch (DeepXrayException e) {
      throw ApiException.badRequest(e.getMessage());
    }
  }
}
