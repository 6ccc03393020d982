package io.github.deepxray.datasets.internal.source;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.datasets.source.SourceLimits;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Image files from one place, whose names have been checked. Safe for use by several threads. */
public interface FileSource extends Closeable {
  /**
   * Opens an archive or a folder and checks every name in it.
   *
   * @throws RefusedException if an entry climbs out, is absolute, a link or over-long, or if there
   *     are more entries or bytes than allowed
   * @throws DeepXrayException if there is nothing there, or neither an archive nor a folder
   * @throws IOException if it cannot be read
   */
  static FileSource open(Path path, SourceLimits limits) throws IOException {
    if (Files.isDirectory(path)) {
      return FolderSource.open(path, limits);
    }
    if (Files.isRegularFile(path)) {
      return ZipSource.open(path, limits);
    }
    throw new DeepXrayException(
        "There is no " + path + "; give the archive chest-xray-pneumonia.zip or its folder.");
  }

  /** {@code zip}, {@code folder}, {@code csv} or {@code tfrecord}. */
  String kind();

  /** How messages name this source. */
  String name();

  /** The files, sorted by path; folders are left out. */
  List<SourceFile> files();

  /** What users should know about how it was understood, a line each. */
  default List<String> remarks() {
    return List.of();
  }

  /** Properties of an image that a table names besides class, patient and split, by column. */
  default Map<String, String> attributes(SourceFile file) {
    return Map.of();
  }

  /**
   * Reads a file whole.
   *
   * @throws RefusedException if it holds more bytes than it says
   * @throws DeepXrayException if it is damaged, encrypted or larger than allowed
   * @throws IOException if the source cannot be read
   */
  byte[] read(SourceFile file) throws IOException;
}
