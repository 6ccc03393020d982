package io.github.deepxray.core.image;

import io.github.deepxray.core.DeepXrayException;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Optional;

/**
 * How large an image may be: refused before anything is decoded is what would take time or memory
 * out of proportion. No X-ray comes near the defaults.
 *
 * @param maxPixels the most pixels
 * @param maxSide the most pixels of a side
 * @param maxAspect how many times as long as the other a side may be
 * @param maxScans the most scans of a JPEG of {@code maxPixels}; of a smaller one so many more as
 *     it has fewer pixels, since each scan takes time for all of the image
 */
@RecordBuilder
public record ImageLimits(long maxPixels, int maxSide, int maxAspect, int maxScans)
    implements ImageLimitsBuilder.With {
  /** 64 megapixels, 20,000 a side, 20 times as long, 12 scans. Ten scans are usual. */
  public static final ImageLimits DEFAULT = new ImageLimits(64_000_000, 20_000, 20, 12);

  /** Beyond so many scans a JPEG is refused however small it is. */
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
   * What is wrong with the size that an image announces, which it begins with; empty if nothing is.
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
   * Refuses an image that announces too large a size.
   *
   * @param height in pixels
   * @param width in pixels
   * @param source where the image comes from, for the message
   * @throws DeepXrayException if it is too large
   */
  public void check(int height, int width, String source) {
    Optional<String> objection = objection(height, width);
    if (objection.isPresent()) {
      throw new DeepXrayException(source + ": the image announces " + objection.get() + ".");
    }
  }

  /** The most scans of a JPEG of so many pixels. */
  int scans(long pixels) {
    return (int) Math.min(MOST_SCANS, maxScans * maxPixels / pixels);
  }
}
