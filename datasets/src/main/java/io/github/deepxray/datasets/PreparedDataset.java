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
 * A folder of shards with its {@code dataset.json}.
 *
 * @param folder where it is
 * @param manifest what {@code dataset.json} says
 */
public record PreparedDataset(Path folder, DatasetManifest manifest) {
  /** The file that describes the folder. */
  public static final String MANIFEST = "dataset.json";

  /**
   * Prepares a data set with as many threads as there are processors.
   *
   * @see #prepare(Path, Path, DatasetOptions, int, Progress)
   */
  public static PreparedDataset prepare(
      Path source, Path folder, DatasetOptions options, Progress progress) throws IOException {
    return prepare(source, folder, options, Runtime.getRuntime().availableProcessors(), progress);
  }

  /**
   * Prepares a data set. The folder appears when it is whole; one that is there already and was
   * made from the same images with the same options is kept, any other prepared data set is
   * replaced.
   *
   * @param source the Kaggle archive, a folder that it was unpacked into, or one like it: {@code
   *     train} and {@code test}, maybe {@code val}, with a folder for each of two or more classes;
   *     or a folder or archive of class folders, a CSV file with the columns path, label and maybe
   *     patient and split, or TFRecords with {@code image} and {@code label}. Where no split is
   *     told the test split is drawn by patient
   * @param folder the folder to make; it gets {@code dataset.json}, {@code dataset.txt} and the
   *     shards
   * @param options what to make
   * @param threads how many images are decoded at once; the result does not depend on it
   * @param progress told of the images that are done
   * @throws RefusedException if the source is made to do harm
   * @throws DeepXrayException if there is no source, it holds too many bad files (they are listed
   *     beside the folder) or lacks a class, or the folder holds something else
   * @throws IOException if the source cannot be read or the folder not be written
   * @throws WorkInterruptedException if the thread is interrupted
   */
  public static PreparedDataset prepare(
      Path source, Path folder, DatasetOptions options, int threads, Progress progress)
      throws IOException {
    return DatasetBuilder.prepare(source, folder, options, threads, progress);
  }

  /**
   * Opens a folder that {@link #prepare} made. That its shards are there and have their lengths is
   * checked; {@link #verify} reads them.
   *
   * @throws DeepXrayException if it is none, or a shard is missing or has another length
   * @throws IOException if it cannot be read
   */
  public static PreparedDataset open(Path folder) throws IOException {
    Path file = folder.resolve(MANIFEST);
    if (!Files.isRegularFile(file)) {
      throw new DeepXrayException(
          folder + " is no prepared data set: it has no " + MANIFEST + "; run the data command.");
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
   * @throws IOException if one cannot be read
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
        "%s is missing or not as it was written; delete %s and run the data command again."
            .formatted(shard, shard.getParent()));
  }

  /** A hash that is equal for equal shards: what caches are keyed by. */
  public String fingerprint() {
    return manifest.fingerprint();
  }

  /** The number of images in a split. */
  public int images(Split split) {
    return manifest.images(split);
  }

  /** The files of a split, in the order of reading. */
  public List<Path> shards(Split split) {
    return manifest.shards().stream()
        .filter(s -> s.split() == split)
        .map(s -> folder.resolve(s.file()))
        .toList();
  }

  /** Reads a split's images, one at a time; the caller closes the reader. */
  public XrayReader read(Split split) {
    return XrayReader.open(shards(split));
  }

  /**
   * Reads a split's images into memory: about 10 KB an image of 224 pixels.
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

  /** The audit and the splits as a text table of several lines. */
  public String table() {
    return DatasetTable.render(manifest);
  }
}
