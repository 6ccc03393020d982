package io.github.deepxray.datasets;

import io.github.deepxray.core.DeepXrayException;
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
 * What {@code dataset.json} says about a prepared data set. Nothing in it depends on the machine,
 * the time or the number of threads.
 *
 * @param format {@link #FORMAT}
 * @param fingerprint SHA-256 of the shards' names and hashes: equal for equal shards
 * @param source where the images came from
 * @param options how they were prepared
 * @param audit what was found
 * @param splits what the shards hold
 * @param shards the files, in the order of reading
 * @param profile what it is about
 * @param shortcuts how well the class of training images is told from what should not matter, the
 *     strongest first; empty if it was not measured
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
    @Omittable List<Shortcut> shortcuts) {
  /** The format that this version writes and reads. */
  public static final String FORMAT = "deepxray-dataset/3";

  /** Takes copies of the lists and checks that they are of the same classes and files. */
  public DatasetManifest {
    splits = splits.stream().map(split -> split.inOrder(profile)).toList();
    shards = List.copyOf(shards);
    shortcuts = shortcuts == null ? List.of() : List.copyOf(shortcuts);
    audit.folders().forEach(folder -> profile.inOrder(folder.slices()));
    int names = profile.classes().size();
    if (Stream.concat(
            splits.stream().flatMap(split -> split.labels.keySet().stream()),
            audit.folders().stream().map(DatasetAudit.Folder::label))
        .anyMatch(label -> label.index() >= names)) {
      throw new IllegalArgumentException("its labels are not those of " + names + " classes");
    }
    if (splits.stream().map(SplitSummary::split).distinct().count() < splits.size()
        || shards.stream().map(Shard::file).distinct().count() < shards.size()
        || shards.stream().mapToLong(Shard::records).sum() > Integer.MAX_VALUE) {
      throw new IllegalArgumentException("its splits and shards do not fit together");
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
   * @param advice what to do about a file that is damaged
   * @throws io.github.deepxray.core.DeepXrayException if it is damaged or of another format
   * @throws IOException if it cannot be read
   */
  public static DatasetManifest read(Path file, String advice) throws IOException {
    return Json.read(file, Map.of(FORMAT, DatasetManifest.class), advice);
  }

  /** What the classes are called. */
  public ClassNames classNames() {
    return profile.classes();
  }

  /** The number of images in a split's shards. */
  public int images(Split split) {
    return shards.stream().filter(s -> s.split() == split).mapToInt(Shard::records).sum();
  }

  /**
   * A source of images.
   *
   * @param kind {@code zip}, {@code folder}, {@code csv} or {@code tfrecord}
   * @param fingerprint SHA-256 of its files' paths and hashes, the same for an archive and its
   *     unpacked folder
   */
  public record Source(String kind, String fingerprint) {}

  /**
   * A split as it is stored.
   *
   * @param split which
   * @param images in its shards
   * @param patients of these images; each image without a known patient counts as one
   * @param labels images of each class
   * @param slices images of each finer class by its key, in the profile's order; empty if it has
   *     none
   * @param fromOfficialVal images that the source has in its validation folder
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
   * Shortcuts that a network may see and that tell the class better than allowed.
   *
   * @param auc the area under the ROC curve that is allowed, 0.5..1
   * @throws DeepXrayException if there are some; the message names them
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
              "The class of training images is told with an AUC above %s by what should not"
                  + " matter: %s; a model can learn that instead. Collect or crop the images alike"
                  + " for all classes.",
              auc,
              String.join(", ", above)));
    }
  }

  /**
   * Property of image files that should not tell the class of an image, and how well it does.
   *
   * @param name of the property, such as {@code aspect ratio}
   * @param inPicture whether a network may see it; not what stands in file names alone
   * @param auc the area under the ROC curve of a logistic regression on the property alone,
   *     cross-validated by patient on the training images, with its 95 % interval; of more than two
   *     classes the mean over them
   * @param lowest the training images that it assigns to the first class most surely
   * @param highest the training images that it assigns to the last class most surely
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
   * A TFRecord file.
   *
   * @param file its name in the folder
   * @param split whose images it holds
   * @param records their number
   * @param bytes its length
   * @param sha256 its hash
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
