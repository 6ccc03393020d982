package io.github.deepxray.datasets.internal.source;

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
}
