package io.github.deepxray.datasets.source;

/**
 * A file of a source.
 *
 * @param path where it lies in the source, divided by {@code /}
 * @param size its bytes, as the archive or the file system says
 */
public record SourceFile(String path, long size) {}
