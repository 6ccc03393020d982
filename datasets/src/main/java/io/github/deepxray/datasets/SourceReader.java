package io.github.deepxray.datasets;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.DecodedImage;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.ImageLimits;
import io.github.deepxray.core.internal.io.Hashes;
import io.github.deepxray.datasets.DatasetAudit.Quarantined;
import io.github.deepxray.datasets.DatasetAudit.Reason;
import io.github.deepxray.datasets.SourceLayout.SourceImage;
import io.github.deepxray.datasets.internal.source.FileSource;
import io.github.deepxray.datasets.internal.source.RefusedException;
import io.github.deepxray.datasets.source.SourceLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * Reader that decodes the images of a source within limits. Safe for use by several threads.
 *
 * @param source the source
 * @param limits the limits of an image
 * @param budget the limit of the pixels that are in memory
 */
record SourceReader(FileSource source, ImageLimits limits, PixelBudget budget) {
  static final String DAMAGED = "damaged";

  SourceReader(FileSource source, ImageLimits limits) {
    this(source, limits, new PixelBudget(Runtime.getRuntime().maxMemory()));
  }

  /** Opens the source of a path by its kind. */
  static FileSource open(Path place, SourceLimits limits) throws IOException {
    return isCsv(place) ? CsvSource.open(place, limits) : openOther(place, limits);
  }

  /** Opens the source of a path by its kind; a table needs no classes. */
  static FileSource openUnlabelled(Path place, SourceLimits limits) throws IOException {
    return isCsv(place) ? CsvSource.openUnlabelled(place, limits) : openOther(place, limits);
  }

  private static boolean isCsv(Path place) {
    return place.toString().toLowerCase(Locale.ROOT).endsWith(".csv") && Files.isRegularFile(place);
  }

  private static FileSource openOther(Path place, SourceLimits limits) throws IOException {
    return Files.exists(place) && RecordSource.isOne(place)
        ? RecordSource.open(place, limits)
        : FileSource.open(place, limits);
  }

  /** Image that was read. */
  static final class Opened {
    private final SourceImage sourceImage;
    private final byte[] file;
    private final ImageCodec.Header header;
    private final DecodedImage decoded;

    private Opened(
        SourceImage sourceImage, byte[] file, ImageCodec.Header header, DecodedImage decoded) {
      this.sourceImage = sourceImage;
      this.file = file;
      this.header = header;
      this.decoded = decoded;
    }

    String path() {
      return sourceImage.path();
    }

    /** Bytes of the file; not to be changed. */
    byte[] file() {
      return file;
    }

    ImageCodec.Header header() {
      return header;
    }

    DecodedImage decoded() {
      return decoded;
    }
  }

  /**
   * Result of reading a file: a value or a fault.
   *
   * @param hash the hash of the file's bytes
   * @param bytes the number of bytes
   */
  record Result<T>(
      SourceImage sourceImage,
      String hash,
      long bytes,
      Optional<T> value,
      Optional<Quarantined> fault) {
    private static <T> Result<T> bad(
        SourceImage sourceImage, String hash, Reason reason, String detail) {
      Quarantined fault = new Quarantined(sourceImage.path(), reason, detail);
      return new Result<>(sourceImage, hash, 0, Optional.empty(), Optional.of(fault));
    }
  }

  /**
   * Reads and decodes a file, and computes a value from it while its pixels are in memory. What the
   * computation throws is no fault of the file.
   */
  <T> Result<T> read(SourceImage sourceImage, OrderedWork.Step<Opened, T> step) throws IOException {
    byte[] file;
    try {
      file = source.read(sourceImage.file());
    } catch (RefusedException e) {
      throw e;
    } catch (DeepXrayException e) {
      return Result.bad(sourceImage, DAMAGED, Reason.UNREADABLE, e.getMessage());
    }
    String hash = Hashes.sha256(file);
    ImageCodec.Header header;
    try {
      header = ImageCodec.header(file, "it");
    } catch (DeepXrayException e) {
      return Result.bad(sourceImage, hash, Reason.UNREADABLE, e.getMessage());
    }
    Optional<String> objection = limits.objection(header.height(), header.width());
    if (objection.isPresent()) {
      return Result.bad(
          sourceImage, hash, Reason.TOO_LARGE, "its header announces " + objection.get());
    }
    return budget.with(
        (long) header.height() * header.width(),
        pixels -> {
          DecodedImage decoded;
          try {
            // Decoding also checks that the image is complete.
            decoded = ImageCodec.read(file, "it", limits);
          } catch (DeepXrayException e) {
            return Result.bad(sourceImage, hash, Reason.UNREADABLE, e.getMessage());
          }
          T value = step.apply(new Opened(sourceImage, file, header, decoded));
          return new Result<>(sourceImage, hash, file.length, Optional.of(value), Optional.empty());
        });
  }
}
