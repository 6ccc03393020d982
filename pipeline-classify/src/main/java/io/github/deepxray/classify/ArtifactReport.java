package io.github.deepxray.classify;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.internal.io.Omittable;
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
 * Report about one deployable form in a bundle.
 *
 * @param artifact the key, see {@link Artifact#key}
 * @param path the file or folder in the bundle
 * @param form the description of the form
 * @param threshold the decision threshold of a binary classifier, chosen on validation or for a
 *     site; empty for more classes, where the most probable is chosen
 * @param unfamiliarityLimit the {@link Unfamiliarity} above which an image is unlike the training
 *     images, 0..1; empty if the form has no input guard
 * @param size the size in bytes, uncompressed and compressed
 * @param weights the number of weights and of non-zero weights, with folded batch normalization;
 *     empty if not counted
 * @param limits the limits of the difference from the trained model, for splits with many images of
 *     each class
 * @param verdict the differences, and whether the form is blessed
 */
public record ArtifactReport(
    String artifact,
    String path,
    String form,
    @JsonInclude(JsonInclude.Include.NON_ABSENT) OptionalDouble threshold,
    @JsonInclude(JsonInclude.Include.NON_ABSENT) OptionalDouble unfamiliarityLimit,
    FileSizes size,
    Optional<Sparsity.Count> weights,
    GateLimits limits,
    Verdict verdict) {
  /** Checks the path, the threshold and the limit. */
  public ArtifactReport {
    TextFiles.requireInside(path);
    requireShare("a threshold", threshold.orElse(0));
    requireShare("a limit of the unfamiliarity", unfamiliarityLimit.orElse(0));
  }

  private static void requireShare(String what, double value) {
    if (!(value >= 0 && value <= 1)) {
      throw new IllegalArgumentException(what + " must be 0..1, not " + value);
    }
  }

  /** Creates the report of a form without input guard. */
  public ArtifactReport(
      String artifact,
      String path,
      String form,
      OptionalDouble threshold,
      FileSizes size,
      Optional<Sparsity.Count> weights,
      GateLimits limits,
      Verdict verdict) {
    this(artifact, path, form, threshold, OptionalDouble.empty(), size, weights, limits, verdict);
  }

  /** Returns a copy with another threshold. */
  public ArtifactReport withThreshold(double value) {
    return new ArtifactReport(
        artifact,
        path,
        form,
        OptionalDouble.of(value),
        unfamiliarityLimit,
        size,
        weights,
        limits,
        verdict);
  }

  /** Decision rule of the form. */
  public Decision decision() {
    return threshold.isPresent()
        ? new Decision.Threshold(threshold.getAsDouble())
        : Decision.MOST_PROBABLE;
  }

  /** Returns the artifact of this report. */
  public Artifact toArtifact() {
    return Artifact.of(this);
  }

  /**
   * Describes the limits that were widened for splits with few images of a class; empty if none
   * were.
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

  /**
   * Fit, calibration and reports of all forms of a bundle: the content of {@code artifacts.json}.
   *
   * @param fit how images become the input of the forms
   * @param prevalence share of the second of two classes for which the probabilities are
   *     calibrated; empty if they are not, or for more classes
   * @param adaptation the adaptation to a site, whose thresholds the reports then have; empty as
   *     exported
   * @param artifacts the reports
   */
  public record All(
      int format,
      @Omittable Fit fit,
      @JsonInclude(JsonInclude.Include.NON_ABSENT) OptionalDouble prevalence,
      @JsonInclude(JsonInclude.Include.NON_ABSENT) Optional<Adaptation> adaptation,
      List<ArtifactReport> artifacts) {
    /** Creates the content of this version's format, as exported. */
    public All(Fit fit, OptionalDouble prevalence, List<ArtifactReport> artifacts) {
      this(Bundle.FORMAT, fit, prevalence, Optional.empty(), artifacts);
    }

    /** Copies the list and checks the prevalence and the forms. */
    public All {
      if (!(prevalence.orElse(0.5) > 0 && prevalence.orElse(0.5) < 1)) {
        throw new IllegalArgumentException("a prevalence is above 0 and below 1");
      }
      artifacts = List.copyOf(artifacts);
      fit = fit == null ? Fit.STRETCH : fit;
      if (format < 1 || format > Bundle.FORMAT) {
        throw new IllegalArgumentException("unknown format " + format);
      }
      if (artifacts.stream().map(ArtifactReport::artifact).distinct().count() < artifacts.size()) {
        throw new IllegalArgumentException("a form is repeated");
      }
      for (ArtifactReport report : artifacts) {
        if (adaptation.isPresent()
            && !(report.threshold.isPresent()
                && adaptation.get().thresholds().containsKey(report.artifact))) {
          throw new IllegalArgumentException(
              report.artifact + " lacks a threshold or that before the adaptation");
        }
      }
    }

    /** Map from the probabilities of the model files to those of the bundle. */
    LogitMap map() {
      return adaptation.map(Adaptation::map).orElse(LogitMap.IDENTITY);
    }

    /** Returns the reports with the thresholds for the model files' own probabilities. */
    List<ArtifactReport> exported() {
      return artifacts.stream()
          .map(
              report ->
                  adaptation
                      .map(a -> report.withThreshold(a.thresholds().get(report.artifact)))
                      .orElse(report))
          .toList();
    }
  }

  /** The name of the file. */
  public static final String FILE = "artifacts.json";

  /**
   * Writes the reports of all forms of a bundle whose probabilities are not calibrated.
   *
   * @param fit how images become the input of the forms
   * @throws IOException if the file cannot be written
   */
  public static void write(Path file, Fit fit, List<ArtifactReport> reports) throws IOException {
    write(file, new All(fit, OptionalDouble.empty(), reports));
  }

  /**
   * Writes the reports of all forms of a bundle.
   *
   * @throws IOException if the file cannot be written
   */
  public static void write(Path file, All reports) throws IOException {
    Json.write(file, reports);
  }

  /**
   * Reads what {@link #write} wrote.
   *
   * @throws DeepXrayException if the file is damaged or of another format
   * @throws IOException if the file cannot be read
   */
  static All read(Path file) throws IOException {
    return Json.read(file, All.class, "export the bundle again");
  }

  /**
   * Size of a file or folder, uncompressed and compressed at the default level 6 of {@code gzip}
   * and {@code zip}. Compressed sizes do not depend on file times; another version of zlib may
   * change them slightly.
   *
   * @param raw the bytes of all files
   * @param gzip the bytes after {@code gzip -6 --no-name}, for a folder of each file separately
   * @param zip the bytes of one zip archive of the file or folder
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
     * Measures a file or folder; compression runs in memory, in chunks.
     *
     * @param fileOrFolder a file, or a folder with all its content
     * @throws IOException if a file cannot be read
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
        // The same compressed bytes with other headers.
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

    /** Counts the bytes written. */
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
