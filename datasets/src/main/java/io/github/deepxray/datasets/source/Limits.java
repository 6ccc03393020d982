package io.github.deepxray.datasets.source;

import io.github.deepxray.core.image.ImageLimits;
import java.util.Objects;

/**
 * What an archive or folder may hold at most. The defaults leave room for ten times the Kaggle
 * archive and refuse what is made to exhaust memory, disk or patience.
 *
 * @param maxEntries files and folders, 1 or more
 * @param maxTotalBytes bytes of all files together, unpacked
 * @param maxFileBytes bytes of one image file, unpacked; a larger one is set aside
 * @param maxRatio unpacked bytes for one packed byte, of entries over 1 MiB
 * @param maxNameLength characters of a path inside the source
 * @param images how large an image may be; a larger one is set aside
 */
public record Limits(
    int maxEntries,
    long maxTotalBytes,
    long maxFileBytes,
    int maxRatio,
    int maxNameLength,
    ImageLimits images) {
  /** 100,000 entries, 16 GiB, 64 MiB a file, ratio 200, names of 255, and images as everywhere. */
  public static final Limits DEFAULT =
      new Limits(100_000, 16L << 30, 64L << 20, 200, 255, ImageLimits.DEFAULT);

  /** Checks that every limit is positive. */
  public Limits {
    if (maxEntries < 1
        || maxTotalBytes < 1
        || maxFileBytes < 1
        || maxFileBytes > 1 << 30
        || maxRatio < 1
        || maxNameLength < 1) {
      throw new IllegalArgumentException(
          "limits are positive, maxFileBytes is at most 1 GiB: "
              + maxEntries
              + ", "
              + maxTotalBytes
              + ", "
              + maxFileBytes
              + ", "
              + maxRatio
              + ", "
              + maxNameLength);
    }
    Objects.requireNonNull(images);
  }

  /** These limits with another number of entries. */
  public Limits withMaxEntries(int value) {
    return new Limits(value, maxTotalBytes, maxFileBytes, maxRatio, maxNameLength, images);
  }

  /** These limits with another number of bytes in all. */
  public Limits withMaxTotalBytes(long value) {
    return new Limits(maxEntries, value, maxFileBytes, maxRatio, maxNameLength, images);
  }

  /** These limits with another number of bytes a file. */
  public Limits withMaxFileBytes(long value) {
    return new Limits(maxEntries, maxTotalBytes, value, maxRatio, maxNameLength, images);
  }

  /** These limits with another compression ratio. */
  public Limits withMaxRatio(int value) {
    return new Limits(maxEntries, maxTotalBytes, maxFileBytes, value, maxNameLength, images);
  }

  /** These limits with another length of names. */
  public Limits withMaxNameLength(int value) {
    return new Limits(maxEntries, maxTotalBytes, maxFileBytes, maxRatio, value, images);
  }

  /** These limits with others of images. */
  public Limits withImages(ImageLimits value) {
    return new Limits(maxEntries, maxTotalBytes, maxFileBytes, maxRatio, maxNameLength, value);
  }
}
