package io.github.deepxray.datasets;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Hashes;
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
   * Opens a folder that {@link DatasetBuilder#prepare} made. That its shards are there and have
   * their lengths is checked; {@link #verify} reads them.
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
