package io.github.deepxray.datasets;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.concurrent.WorkInterruptedException;
import io.github.deepxray.core.internal.io.Hashes;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.internal.source.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Folder of TFRecord shards with a {@code dataset.json}.
 *
 * @param folder the path
 * @param manifest the content of {@code dataset.json}
 */
public record PreparedDataset(Path folder, DatasetManifest manifest) {
  /** File that describes the folder. */
  public static final String MANIFEST = "dataset.json";

  /**
   * Prepares a data set with a thread per processor.
   *
   * @see #prepare(Path, Path, DatasetOptions, int, Progress)
   */
  public static PreparedDataset prepare(
      Path source, Path folder, DatasetOptions options, Progress progress) throws IOException {
    return prepare(source, folder, options, Runtime.getRuntime().availableProcessors(), progress);
  }

  /**
   * Prepares a data set. The folder is created atomically; an existing one from the same images
   * with the same options is kept, any other prepared data set is replaced.
   *
   * @param source the Kaggle archive, a folder that it was unpacked into, or one like it: {@code
   *     train} and {@code test}, optionally {@code val}, with a folder for each of two or more
   *     classes; or a folder or archive of class folders, a CSV file with the columns path, label
   *     and optionally patient and split, or TFRecords with {@code image} and {@code label}.
   *     Without splits in the source, the test split is drawn by patient
   * @param folder the folder to create, with {@code dataset.json}, {@code dataset.txt}, {@code
   *     shortcuts.csv} and the shards
   * @param options the options of preparation
   * @param threads the number of images decoded in parallel; the result does not depend on it
   * @param progress notified of finished images
   * @throws RefusedException if the source is malicious
   * @throws DeepXrayException if the source is missing, has too many bad files (listed beside the
   *     folder) or lacks a class, or the folder has other content
   * @throws IOException if the source cannot be read or the folder cannot be written
   * @throws WorkInterruptedException if the thread is interrupted
   */
  public static PreparedDataset prepare(
      Path source, Path folder, DatasetOptions options, int threads, Progress progress)
      throws IOException {
    return DatasetBuilder.prepare(source, folder, options, threads, progress);
  }

  /**
   * Opens a folder that {@link #prepare} made. Checks that the shards exist and have the right
   * lengths; {@link #verify} reads them.
   *
   * @throws DeepXrayException if the folder is no prepared data set, or a shard is missing or has
   *     another length
   * @throws IOException if a file cannot be read
   */
  public static PreparedDataset open(Path folder) throws IOException {
    Path file = folder.resolve(MANIFEST);
    if (!Files.isRegularFile(file)) {
      throw new DeepXrayException(
          folder
              + " is not a prepared data set: it has no "
              + MANIFEST
              + "; run the data command.");
    }
    PreparedDataset dataset =
        new PreparedDataset(
            folder, DatasetManifest.read(file, "run the data command into a new folder"));
    for (DatasetManifest.Shard shard : dataset.manifest.shards()) {
      Path path = folder.resolve(shard.file());
      if (!Files.isRegularFile(path) || Files.size(path) != shard.bytes()) {
        throw changed(path);
      }
    }
    return dataset;
  }

  /**
   * Reads all shards and compares their hashes with those of {@code dataset.json}.
   *
   * @throws DeepXrayException if a shard has changed
   * @throws IOException if a file cannot be read
   */
  public void verify() throws IOException {
    for (DatasetManifest.Shard shard : manifest.shards()) {
      Path path = folder.resolve(shard.file());
      if (!Hashes.sha256(path).equals(shard.sha256())) {
        throw changed(path);
      }
    }
  }

  private static DeepXrayException changed(Path shard) {
    return new DeepXrayException(
        "%s is missing or has changed; delete %s and run the data command again."
            .formatted(shard, shard.getParent()));
  }

  /** Hash of the shards, used as a cache key. */
  public String fingerprint() {
    return manifest.fingerprint();
  }

  /** Number of images in a split. */
  public int images(Split split) {
    return manifest.images(split);
  }

  /** Files of a split, in the order of reading. */
  public List<Path> shards(Split split) {
    return manifest.shards().stream()
        .filter(s -> s.split() == split)
        .map(s -> folder.resolve(s.file()))
        .toList();
  }

  /** Opens a reader of a split's images; the caller closes the reader. */
  public XrayReader read(Split split) {
    return XrayReader.open(shards(split));
  }

  /**
   * Reads a split's images into memory: about 10 KB per image of 224 pixels.
   *
   * @throws DeepXrayException if a record is damaged
   * @throws IOException if a shard cannot be read
   */
  public List<XrayRecord> readAll(Split split) throws IOException {
    List<XrayRecord> records = new ArrayList<>();
    try (XrayReader reader = read(split)) {
      for (Optional<XrayRecord> r = reader.next(); r.isPresent(); r = reader.next()) {
        records.add(r.get());
      }
    }
    return records;
  }

  /** Formats the audit and the splits as a text table of several lines. */
  public String table() {
    return DatasetTable.render(manifest);
  }
}
