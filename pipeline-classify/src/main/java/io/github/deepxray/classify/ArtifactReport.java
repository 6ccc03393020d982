package io.github.deepxray.classify;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.internal.io.TextFiles;
import io.github.deepxray.core.metrics.Decision;
import io.github.deepxray.core.network.Sparsity;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;

/**
 * What a bundle says about one of its deployable forms.
 *
 * @param artifact its name, see {@link Artifact#key}
 * @param path the file or folder in the bundle
 * @param form what it is, in words
 * @param threshold from which probability on it decides for the second of two classes, chosen on
 *     validation; empty for more, of which it decides for the most probable
 * @param size its bytes as they are and compressed
 * @param weights how many weights it has and how many of them are not zero, batch normalization
 *     folded; empty if they were not counted
 * @param limits how far it may be from the trained model, on splits with many images of each class
 * @param verdict how far it is, and whether it is blessed
 */
public record ArtifactReport(
    String artifact,
    String path,
    String form,
    @JsonInclude(JsonInclude.Include.NON_ABSENT) OptionalDouble threshold,
    FileSizes size,
    Optional<Sparsity.Count> weights,
    GateLimits limits,
    Verdict verdict) {
  /** Checks the path and the threshold. */
  public ArtifactReport {
    TextFiles.requireInside(path);
    if (!(threshold.orElse(0) >= 0 && threshold.orElse(0) <= 1)) {
      throw new IllegalArgumentException(
          "a threshold is from 0 to 1, not " + threshold.getAsDouble());
    }
  }

  /** How the form decides. */
  public Decision decision() {
    return threshold.isPresent()
        ? new Decision.Threshold(threshold.getAsDouble())
        : Decision.MOST_PROBABLE;
  }

  /** The form that this is about. */
  public Artifact toArtifact() {
    return Artifact.of(this);
  }

  /**
   * The limits of splits in which a class has so few images that they were widened, in words; empty
   * if none were.
   */
  public Optional<String> widenedLimits() {
    List<String> widened = new ArrayList<>();
    verdict
        .limits()
        .forEach(
            (split, used) -> {
              List<String> own = new ArrayList<>();
              if (used.auc() != limits.auc()) {
                own.add(
                    String.format(
                        Locale.ROOT, "AUC %.4f instead of %.4f", used.auc(), limits.auc()));
              }
              if (used.accuracy() != limits.accuracy()) {
                own.add(
                    String.format(
                        Locale.ROOT,
                        "accuracy %.4f instead of %.4f",
                        used.accuracy(),
                        limits.accuracy()));
              }
              if (!own.isEmpty()) {
                widened.add(split + ": " + String.join(", ", own));
              }
            });
    return Optional.of(String.join("; ", widened)).filter(text -> !text.isEmpty());
  }

  /** All forms of a bundle: the content of {@code artifacts.json}. */
  record All(int format, List<ArtifactReport> artifacts) {
    /** Copies the list and checks that no form is there twice. */
    All {
      artifacts = List.copyOf(artifacts);
      if (format < 1 || format > Bundle.FORMAT) {
        throw new IllegalArgumentException("there is no format " + format);
      }
      if (artifacts.stream().map(ArtifactReport::artifact).distinct().count() < artifacts.size()) {
        throw new IllegalArgumentException("a form is there twice");
      }
    }
  }

  /** The name of the file. */
  public static final String FILE = "artifacts.json";

  /**
   * Writes what is said about all forms of a bundle, and the version of the bundle's format.
   *
   * @throws IOException if the file cannot be written
   */
  public static void write(Path file, List<ArtifactReport> reports) throws IOException {
    Json.write(file, new All(Bundle.FORMAT, reports));
  }

  /**
   * Reads what {@link #write} wrote.
   *
   * @throws DeepXrayException if the file is damaged or of another format
   * @throws IOException if it cannot be read
   */
  static List<ArtifactReport> read(Path file) throws IOException {
    return Json.read(file, All.class, "export the bundle again").artifacts();
  }

  /**
   * How large a file or folder is as it is and compressed, at the level that {@code gzip} and
   * {@code zip} use by default (6). Compressed sizes do not depend on file times; another version
   * of zlib may change them slightly.
   *
   * @param raw the bytes of all files
   * @param gzip the bytes after {@code gzip -6 --no-name}, of a folder's files one by one
   * @param zip the bytes of one zip archive of the file or of everything in the folder
   */
  public record FileSizes(long raw, long gzip, long zip) {
    // RFC 1952: header 10, trailer 8.
    private static final int GZIP_HEADERS = 18;
    // PKWARE's APPNOTE: local header 30, data descriptor 16, central header 46, and the name twice.
    private static final int ZIP_HEADERS = 30 + 16 + 46;
    private static final int ZIP_END = 22;

    /** Checks that they are sizes. */
    public FileSizes {
      if (raw < 0 || gzip < 0 || zip < 0) {
        throw new IllegalArgumentException(
            "sizes are 0 or more: " + raw + ", " + gzip + ", " + zip);
      }
    }

    /**
     * Compresses in memory, a piece at a time, and counts.
     *
     * @param fileOrFolder a file, or a folder with all that is in it
     * @throws IOException if it cannot be read
     */
    public static FileSizes of(Path fileOrFolder) throws IOException {
      Path root = fileOrFolder.toAbsolutePath().normalize();
      List<Path> files;
      try (Stream<Path> walk = Files.walk(root)) {
        files =
            walk.filter(Files::isRegularFile)
                .sorted(Comparator.comparing(file -> entryName(root, file)))
                .toList();
      }
      long raw = 0;
      long gzip = 0;
      long zip = ZIP_END;
      for (Path file : files) {
        raw += Files.size(file);
        Counter zipped = new Counter();
        try (OutputStream out = new GZIPOutputStream(zipped)) {
          Files.copy(file, out);
        }
        gzip += zipped.count;
        // The same compressed bytes between other headers.
        int name = entryName(root, file).getBytes(StandardCharsets.UTF_8).length;
        zip += zipped.count - GZIP_HEADERS + ZIP_HEADERS + 2L * name;
      }
      return new FileSizes(raw, gzip, zip);
    }

    private static String entryName(Path root, Path file) {
      return file.equals(root)
          ? String.valueOf(root.getFileName())
          : root.relativize(file).toString().replace('\\', '/');
    }

    /** Counts what is written to it. */
    private static final class Counter extends OutputStream {
      private long count;

      @Override
      public void write(int value) {
        count++;
      }

      @Override
      public void write(byte[] bytes, int offset, int length) {
        count += length;
      }
    }
  }
}
