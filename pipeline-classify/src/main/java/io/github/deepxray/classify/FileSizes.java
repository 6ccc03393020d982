package io.github.deepxray.classify;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;

/**
 * How large a file or folder is as it is and compressed, at the level that {@code gzip} and {@code
 * zip} use by default (6). Compressed sizes do not depend on file times; another version of zlib
 * may change them slightly.
 *
 * @param raw the bytes of all files
 * @param gzip the bytes after {@code gzip -6 --no-name}, of a folder's files one by one
 * @param zip the bytes of one zip archive of the file or of everything in the folder
 */
public record FileSizes(long raw, long gzip, long zip) {
  // RFC 1952: header 10, trailer 8.
  private static final int GZIP_HEADERS = 18;
  // PKWARE's APPNOTE: local header 30, data descriptor 16, central header 46, and the name twice.
  private static final int ZIP_HEADERS = 30 + 16 + 46;
  private static final int ZIP_END = 22;

  /** Checks that they are sizes. */
  public FileSizes {
    if (raw < 0 || gzip < 0 || zip < 0) {
      throw new IllegalArgumentException("sizes are 0 or more: " + raw + ", " + gzip + ", " + zip);
    }
  }

  /**
   * Compresses in memory, a piece at a time, and counts.
   *
   * @param fileOrFolder a file, or a folder with all that is in it
   * @throws IOException if it cannot be read
   */
  public static FileSizes of(Path fileOrFolder) throws IOException {
    Path root = fileOrFolder.toAbsolutePath().normalize();
    List<Path> files;
    try (Stream<Path> walk = Files.walk(root)) {
      files =
          walk.filter(Files::isRegularFile)
              .sorted(Comparator.comparing(file -> entryName(root, file)))
              .toList();
    }
    long raw = 0;
    long gzip = 0;
    long zip = ZIP_END;
    for (Path file : files) {
      raw += Files.size(file);
      Counter zipped = new Counter();
      try (OutputStream out = new GZIPOutputStream(zipped)) {
        Files.copy(file, out);
      }
      gzip += zipped.count;
      // The same compressed bytes between other headers.
      int name = entryName(root, file).getBytes(StandardCharsets.UTF_8).length;
      zip += zipped.count - GZIP_HEADERS + ZIP_HEADERS + 2L * name;
    }
    return new FileSizes(raw, gzip, zip);
  }

  private static String entryName(Path root, Path file) {
    return file.equals(root)
        ? String.valueOf(root.getFileName())
        : root.relativize(file).toString().replace('\\', '/');
  }

  /** Counts what is written to it. */
  private static final class Counter extends OutputStream {
    private long count;

    @Override
    public void write(int value) {
      count++;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
      count += length;
    }
  }
}
