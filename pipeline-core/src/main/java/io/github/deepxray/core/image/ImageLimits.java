package io.github.deepxray.core.image;

import io.github.deepxray.core.DeepXrayException;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Optional;

/**
 * Limits of the size of an image, checked before decoding against excessive time or memory. X-rays
 * are far below the defaults.
 *
 * @param maxPixels the largest number of pixels
 * @param maxSide the largest height or width in pixels
 * @param maxAspect the largest ratio of the longer to the shorter side
 * @param maxScans the largest number of scans of a JPEG of {@code maxPixels}; proportionally more
 *     for smaller images, since each scan costs time for the whole image
 */
@RecordBuilder
public record ImageLimits(long maxPixels, int maxSide, int maxAspect, int maxScans)
    implements ImageLimitsBuilder.With {
  /** 64 megapixels, sides of 20,000 pixels, aspect ratio 20, 12 scans. Ten scans are usual. */
  public static final ImageLimits DEFAULT = new ImageLimits(64_000_000, 20_000, 20, 12);

  /** Largest number of scans of a JPEG of any size. */
  private static final int MOST_SCANS = 100;

  /** Checks that every limit is positive. */
  public ImageLimits {
    if (maxPixels < 1 || maxSide < 1 || maxAspect < 1 || maxScans < 1) {
      throw new DeepXrayException(
          "Limits of images must be positive, not %s, %s, %s, %s."
              .formatted(maxPixels, maxSide, maxAspect, maxScans));
    }
  }

  /**
   * Checks a size; returns a description of the violated limit, beginning with the size, or empty.
   *
   * @param height in pixels
   * @param width in pixels
   */
  public Optional<String> objection(int height, int width) {
    String size = width + " x " + height;
    int longer = Math.max(height, width);
    if ((long) height * width > maxPixels) {
      return Optional.of(size + " pixels, more than the " + maxPixels + " allowed");
    } else if (longer > maxSide) {
      return Optional.of(size + " pixels, more than the " + maxSide + " allowed one way");
    } else if (longer > (long) maxAspect * Math.min(height, width)) {
      return Optional.of(
          size + " pixels, more than " + maxAspect + " times as long one way as the other");
    }
    return Optional.empty();
  }

  /**
   * Rejects an image whose declared size exceeds the limits.
   *
   * @param height in pixels
   * @param width in pixels
   * @param source the name of the image, for messages
   * @throws DeepXrayException if the size is too large
   */
  public void check(int height, int width, String source) {
    Optional<String> objection = objection(height, width);
    if (objection.isPresent()) {
      throw new DeepXrayException(source + ": the image announces " + objection.get() + ".");
    }
  }

  /** Largest number of scans of a JPEG with a number of pixels. */
  int scans(long pixels) {
    return (int) Math.min(MOST_SCANS, maxScans * maxPixels / pixels);
  }
}
