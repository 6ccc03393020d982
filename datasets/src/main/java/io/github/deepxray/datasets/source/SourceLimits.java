package io.github.deepxray.datasets.source;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.ImageLimits;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Objects;

/**
 * Limits of an archive or folder. The defaults allow ten times the Kaggle archive and reject
 * sources that would exhaust memory, disk or time.
 *
 * @param maxEntries files and folders, 1 or more
 * @param maxTotalBytes bytes of all files together, unpacked
 * @param maxFileBytes bytes of one image file, unpacked; larger ones are quarantined
 * @param maxRatio compression ratio of entries over 1 MiB
 * @param maxNameLength characters of a path inside the source
 * @param images the size of an image; larger ones are quarantined
 */
@RecordBuilder
public record SourceLimits(
    int maxEntries,
    long maxTotalBytes,
    long maxFileBytes,
    int maxRatio,
    int maxNameLength,
    ImageLimits images)
    implements SourceLimitsBuilder.With {
  /**
   * 100,000 entries, 16 GiB, 64 MiB per file, ratio 200, names of 255 characters, and the default
   * image limits.
   */
  public static final SourceLimits DEFAULT =
      new SourceLimits(100_000, 16L << 30, 64L << 20, 200, 255, ImageLimits.DEFAULT);

  /** Checks that every limit is positive. */
  public SourceLimits {
    if (maxEntries < 1
        || maxTotalBytes < 1
        || maxFileBytes < 1
        || maxFileBytes > 1 << 30
        || maxRatio < 1
        || maxNameLength < 1) {
      throw new DeepXrayException(
          "Limits of a source must be positive, maxFileBytes at most 1 GiB, not maxEntries %s, maxTotalBytes %s, maxFileBytes %s, maxRatio %s, maxNameLength %s."
              .formatted(maxEntries, maxTotalBytes, maxFileBytes, maxRatio, maxNameLength));
    }
    Objects.requireNonNull(images);
  }
}
