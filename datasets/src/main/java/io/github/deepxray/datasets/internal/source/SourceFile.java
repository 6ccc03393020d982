package io.github.deepxray.datasets.internal.source;

import io.github.deepxray.core.DeepXrayException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;

/**
 * A file of a source.
 *
 * @param path where it lies in the source, divided by {@code /}
 * @param size its bytes, as the archive or the file system says
 */
public record SourceFile(String path, long size) {
  /** The folders in which it lies, the outermost first. */
  public List<String> folders() {
    List<String> parts = List.of(path.split("/"));
    return parts.subList(0, parts.size() - 1);
  }

  /**
   * Refuses a file that is too large to be read into memory.
   *
   * @throws DeepXrayException if it has more bytes than allowed
   */
  public void requireAtMost(long bytes) {
    if (size > bytes) {
      throw new DeepXrayException("it has " + size + " bytes, more than the " + bytes + " allowed");
    }
  }

  /**
   * Reads it from a path, without following a link put there since its size was taken.
   *
   * @throws DeepXrayException if it has another size by now
   * @throws IOException if it cannot be read
   */
  public byte[] read(Path path) throws IOException {
    try (InputStream in = Files.newInputStream(path, LinkOption.NOFOLLOW_LINKS)) {
      byte[] bytes = in.readNBytes((int) size);
      if (bytes.length < size || in.read() >= 0) {
        throw new DeepXrayException("it changed while it was read");
      }
      return bytes;
    }
  }
}
