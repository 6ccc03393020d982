package io.github.deepxray.datasets.internal.source;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.datasets.source.SourceLimits;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Source of image files with checked names. Safe for use by several threads. */
public interface FileSource extends Closeable {
  /**
   * Opens an archive or a folder and checks every name.
   *
   * @throws RefusedException if a name leads outside, is absolute, a link or too long, or if there
   *     are more entries or bytes than allowed
   * @throws DeepXrayException if the path is missing, or neither an archive nor a folder
   * @throws IOException if the source cannot be read
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

  /** Kind of source: {@code zip}, {@code folder}, {@code csv} or {@code tfrecord}. */
  String kind();

  /** Name of the source in messages. */
  String name();

  /** Files sorted by path, without folders. */
  List<SourceFile> files();

  /** Remarks for users about the interpretation of the source, a line each. */
  default List<String> remarks() {
    return List.of();
  }

  /** Properties of an image that a table names besides class, patient and split, by column. */
  default Map<String, String> attributes(SourceFile file) {
    return Map.of();
  }

  /**
   * Reads a file.
   *
   * @throws RefusedException if the file has more bytes than declared
   * @throws DeepXrayException if the file is damaged, encrypted or larger than allowed
   * @throws IOException if the source cannot be read
   */
  byte[] read(SourceFile file) throws IOException;
}
