package io.github.deepxray.datasets;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.deepxray.core.io.Json;
import io.github.deepxray.core.io.TextFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
 * @param classes what the classes are called, if not as in {@link ClassNames#DEFAULT}
 */
public record DatasetManifest(
    String format,
    String fingerprint,
    Source source,
    DatasetOptions options,
    DatasetAudit audit,
    List<SplitSummary> splits,
    List<Shard> shards,
    @JsonInclude(JsonInclude.Include.NON_ABSENT) Optional<ClassNames> classes) {
  /** The format that this version writes and reads. */
  public static final String FORMAT = "deepxray-dataset/2";

  /** Takes copies of the lists and checks that they are of the same classes and files. */
  public DatasetManifest {
    splits = List.copyOf(splits);
    shards = List.copyOf(shards);
    int names = classes.orElse(ClassNames.DEFAULT).size();
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
    JsonNode tree = Json.tree(this);
    if (classNames().size() > 2) {
      // The words for 0 and 1 are those of two classes.
      tree.path("audit").path("folders").forEach(folder -> number((ObjectNode) folder));
      tree.path("splits").forEach(split -> numberNames((ObjectNode) split.path("labels")));
    }
    Json.write(file, tree);
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

  private static void number(ObjectNode folder) {
    folder.put("label", String.valueOf(Label.parse(folder.path("label").asText()).index()));
  }

  private static void numberNames(ObjectNode labels) {
    ObjectNode before = labels.deepCopy();
    labels.removeAll();
    before
        .properties()
        .forEach(e -> labels.set(String.valueOf(Label.parse(e.getKey()).index()), e.getValue()));
  }

  /** What the classes are called. */
  public ClassNames classNames() {
    return classes.orElse(ClassNames.DEFAULT);
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
   * @param slices images of each finer class
   * @param fromOfficialVal images that the source has in its validation folder
   */
  public record SplitSummary(
      Split split,
      int images,
      int patients,
      Map<Label, Integer> labels,
      Map<Slice, Integer> slices,
      int fromOfficialVal) {
    /** Checks that the numbers are counts. */
    public SplitSummary {
      DatasetAudit.requireCounts(images, patients, fromOfficialVal);
      DatasetAudit.requireCounts(labels.values());
      DatasetAudit.requireCounts(slices.values());
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
