package io.github.deepxray.datasets;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.internal.io.TextFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Hashes of the training and validation images of a data set: the file {@value #FILE} of the data
 * set and of its bundles. A classifier must not be evaluated on these images.
 *
 * <p>The hash is {@link RgbImage#sha256} of the decoded pixels, so it does not depend on the file
 * name, the archive or the metadata, nor on the file format if that is lossless. Images that were
 * resized for the shards have two hashes, of the source's image and of the stored one.
 *
 * @param hashes the hashes in hexadecimal digits
 */
public record SeenImages(Set<String> hashes) {
  /** File of the hashes, one per line, sorted. */
  public static final String FILE = "training-images.txt";

  /** Largest size of the file in MiB: two hashes of each of some million images. */
  private static final int LARGEST = 1 << 10;

  /** Copies the hashes. */
  public SeenImages {
    hashes = Set.copyOf(hashes);
  }

  /** Whether a decoded image is one of these. */
  public boolean contains(RgbImage image) {
    return hashes.contains(image.sha256());
  }

  static void write(Path folder, Collection<String> hashes) throws IOException {
    AtomicFiles.write(folder.resolve(FILE), text(hashes));
  }

  /**
   * Writes the file into a folder.
   *
   * @throws IOException if it cannot be written
   */
  public void write(Path folder) throws IOException {
    write(folder, hashes);
  }

  /** Content of the file. */
  public String text() {
    return text(hashes);
  }

  private static String text(Collection<String> hashes) {
    return String.join("\n", new TreeSet<>(hashes)) + (hashes.isEmpty() ? "" : "\n");
  }

  /**
   * Reads {@value #FILE} of a data set or bundle; empty if an earlier build wrote the folder,
   * without this file.
   *
   * @throws DeepXrayException if the file is damaged; the message names the line
   * @throws IOException if it cannot be read
   */
  public static Optional<SeenImages> read(Path folder) throws IOException {
    Path file = folder.resolve(FILE);
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    List<String> lines = TextFiles.read(file, LARGEST).lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      if (!lines.get(i).matches("[0-9a-f]{64}")) {
        throw new DeepXrayException(
            "%s: line %s is no SHA-256; copy or export the bundle again.".formatted(file, i + 1));
      }
    }
    return Optional.of(new SeenImages(Set.copyOf(new TreeSet<>(lines))));
  }
}
