package io.github.deepxray.datasets;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.internal.io.Omittable;
import io.github.deepxray.core.internal.io.TextFiles;
import io.github.deepxray.core.metrics.Interval;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Content of {@code dataset.json}: description of a prepared data set. It does not depend on the
 * machine, the time or the number of threads.
 *
 * @param format {@link #FORMAT}
 * @param fingerprint SHA-256 of the shards' names and hashes, and of the fit unless it is {@link
 *     Fit#STRETCH}
 * @param source the source of the images
 * @param options the options of preparation
 * @param audit the audit of the source
 * @param splits the content of the shards
 * @param shards the files, in the order of reading
 * @param profile the classes and their descriptions
 * @param shortcuts properties of training images that predict the class and should not, the
 *     strongest first; empty if they were not measured
 * @param fit how the images became square, and new images become square for a network trained on
 *     them
 */
public record DatasetManifest(
    String format,
    String fingerprint,
    Source source,
    DatasetOptions options,
    DatasetAudit audit,
    List<SplitSummary> splits,
    List<Shard> shards,
    DatasetProfile profile,
    @Omittable List<Shortcut> shortcuts,
    @Omittable Fit fit) {
  /** Format that this version writes and reads. */
  public static final String FORMAT = "deepxray-dataset/3";

  /** Copies the lists and checks that classes and files are consistent. */
  public DatasetManifest {
    splits = splits.stream().map(split -> split.inOrder(profile)).toList();
    shards = List.copyOf(shards);
    shortcuts = shortcuts == null ? List.of() : List.copyOf(shortcuts);
    fit = fit == null ? Fit.STRETCH : fit;
    audit.folders().forEach(folder -> profile.inOrder(folder.slices()));
    int names = profile.classes().size();
    if (Stream.concat(
            splits.stream().flatMap(split -> split.labels.keySet().stream()),
            audit.folders().stream().map(DatasetAudit.Folder::label))
        .anyMatch(label -> label.index() >= names)) {
      throw new IllegalArgumentException("the labels are not those of " + names + " classes");
    }
    if (splits.stream().map(SplitSummary::split).distinct().count() < splits.size()
        || shards.stream().map(Shard::file).distinct().count() < shards.size()
        || shards.stream().mapToLong(Shard::records).sum() > Integer.MAX_VALUE) {
      throw new IllegalArgumentException("the splits and shards are inconsistent");
    }
  }

  /**
   * Writes {@code dataset.json}.
   *
   * @throws IOException if the file cannot be written
   */
  void write(Path file) throws IOException {
    Json.write(file, this);
  }

  /**
   * Reads {@code dataset.json}.
   *
   * @param advice what to do about a damaged file
   * @throws io.github.deepxray.core.DeepXrayException if the file is damaged or of another format
   * @throws IOException if the file cannot be read
   */
  public static DatasetManifest read(Path file, String advice) throws IOException {
    return Json.read(file, Map.of(FORMAT, DatasetManifest.class), advice);
  }

  /** Class names. */
  public ClassNames classNames() {
    return profile.classes();
  }

  /** Number of images in a split's shards. */
  public int images(Split split) {
    return shards.stream().filter(s -> s.split() == split).mapToInt(Shard::records).sum();
  }

  /**
   * Source of images.
   *
   * @param kind {@code zip}, {@code folder}, {@code csv} or {@code tfrecord}
   * @param fingerprint SHA-256 of the files' paths and hashes, equal for an archive and its
   *     unpacked folder
   */
  public record Source(String kind, String fingerprint) {}

  /**
   * Summary of a stored split.
   *
   * @param split the split
   * @param images the number of images in the shards
   * @param patients the number of patients; each image without a known patient counts as one
   * @param labels the number of images of each class
   * @param slices the number of images of each slice by its key, in the profile's order; empty if
   *     there are none
   * @param fromOfficialVal the number of images from the source's validation folder
   */
  public record SplitSummary(
      Split split,
      int images,
      int patients,
      Map<Label, Integer> labels,
      Map<String, Integer> slices,
      int fromOfficialVal) {
    /** Checks that the numbers are counts. */
    public SplitSummary {
      DatasetAudit.requireCounts(images, patients, fromOfficialVal);
      DatasetAudit.requireCounts(labels.values());
      DatasetAudit.requireCounts(slices.values());
    }

    private SplitSummary inOrder(DatasetProfile profile) {
      return new SplitSummary(
          split, images, patients, labels, profile.inOrder(slices), fromOfficialVal);
    }
  }

  /**
   * Checks that no visible shortcut is stronger than allowed.
   *
   * @param auc the largest area under the ROC curve allowed, 0.5..1
   * @throws DeepXrayException if a shortcut is stronger; the message names all of these
   */
  public void requireShortcutsBelow(double auc) {
    List<String> above =
        shortcuts.stream()
            .filter(shortcut -> shortcut.inPicture() && shortcut.auc().value() > auc)
            .map(shortcut -> "%s (AUC %s)".formatted(shortcut.name(), shortcut.auc()))
            .toList();
    if (!above.isEmpty()) {
      throw new DeepXrayException(
          String.format(
              Locale.ROOT,
              "Properties that should not matter predict the class of training images with an AUC"
                  + " above %s: %s; a model can learn them instead of the finding. Collect or crop"
                  + " the images of all classes in the same way.",
              auc,
              String.join(", ", above)));
    }
  }

  /**
   * Property of image files that should not predict the class, and how well it does.
   *
   * @param name the name of the property, such as {@code aspect ratio}
   * @param inPicture whether a network can see it; false for file names
   * @param auc the area under the ROC curve of a logistic regression on this property alone,
   *     cross-validated by patient on the training images, with its 95 % interval; for more than
   *     two classes the mean over the classes
   * @param lowest the training images with the lowest scores of the last class
   * @param highest the training images with the highest scores of the last class
   */
  public record Shortcut(
      String name, boolean inPicture, Interval auc, List<String> lowest, List<String> highest) {
    /** Copies the lists. */
    public Shortcut {
      lowest = List.copyOf(lowest);
      highest = List.copyOf(highest);
    }
  }

  /**
   * TFRecord file.
   *
   * @param file the name in the folder
   * @param split the split of its images
   * @param records the number of records
   * @param bytes the length
   * @param sha256 the hash
   */
  public record Shard(String file, Split split, int records, long bytes, String sha256) {
    /** Checks the name and the numbers. */
    public Shard {
      TextFiles.requireInside(file);
      DatasetAudit.requireCounts(records);
      if (bytes < 0) {
        throw new IllegalArgumentException(bytes + " bytes");
      }
    }
  }
}
