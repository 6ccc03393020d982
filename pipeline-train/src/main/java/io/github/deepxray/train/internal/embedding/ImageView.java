package io.github.deepxray.train.internal.embedding;

import io.github.deepxray.core.image.RgbImage;

/** Picture made from an image, whose feature vector can be cached. */
public interface ImageView {
  /** Returns a text that identifies the content of the view, for the cache key. */
  String fingerprint();

  /**
   * Writes the view of an image as floats {@code [H, W, 3]}, 0..255.
   *
   * @param image the image
   * @param sha256 hash of the image's bytes in hexadecimal digits
   * @param target target array
   * @param offset position of the first value in the target
   */
  void render(RgbImage image, String sha256, float[] target, int offset);
}
