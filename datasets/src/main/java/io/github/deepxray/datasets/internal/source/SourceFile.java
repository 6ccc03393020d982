package io.github.deepxray.datasets.internal.source;

import io.github.deepxray.core.DeepXrayException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;

/**
 * File of a source.
 *
 * @param path the path in the source, separated by {@code /}
 * @param size the declared number of bytes
 */
public record SourceFile(String path, long size) {
  /** Folders of the file, the outermost first. */
  public List<String> folders() {
    List<String> parts = List.of(path.split("/"));
    return parts.subList(0, parts.size() - 1);
  }

  /**
   * Rejects a file that is too large to be read into memory.
   *
   * @throws DeepXrayException if the file has more bytes than allowed
   */
  public void requireAtMost(long bytes) {
    if (size > bytes) {
      throw new DeepXrayException("it has " + size + " bytes, more than the " + bytes + " allowed");
    }
  }

  /**
   * Reads the file from a path, without following a link created since its size was read.
   *
   * @throws DeepXrayException if the size has changed
   * @throws IOException if the file cannot be read
   */
  public byte[] read(Path path) throws IOException {
    try (InputStream in = Files.newInputStream(path, LinkOption.NOFOLLOW_LINKS)) {
      byte[] bytes = in.readNBytes((int) size);
      if (bytes.length < size || in.read() >= 0) {
        throw new DeepXrayException("it changed during reading");
      }
      return bytes;
    }
  }
}
