package io.github.deepxray.datasets.source;

import io.github.deepxray.core.DeepXrayException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipFile;

/**
 * A zip archive, each of whose entries is inflated into memory when it is asked for; nothing is
 * unpacked to disk.
 *
 * <p>It is read through its central directory rather than from front to back: only the directory
 * tells symbolic links, and says all names and sizes before the first byte is inflated; and entries
 * can be inflated by several threads.
 */
final class ZipSource implements FileSource {
  /** Small entries may be as empty as they like. */
  private static final long RATIO_MATTERS_FROM = 1 << 20;

  private final String name;
  private final Limits limits;
  private final ZipFile zip;
  private final Map<String, ZipArchiveEntry> entries;
  private final List<SourceFile> files;

  private ZipSource(
      String name,
      Limits limits,
      ZipFile zip,
      Map<String, ZipArchiveEntry> entries,
      List<SourceFile> files) {
    this.name = name;
    this.limits = limits;
    this.zip = zip;
    this.entries = entries;
    this.files = files;
  }

  static ZipSource open(Path path, Limits limits) throws IOException {
    String name = path.toString();
    int count = countEntries(path, name);
    if (count > limits.maxEntries()) {
      throw new RefusedException(
          name
              + ": the archive holds "
              + count
              + " entries, more than the "
              + limits.maxEntries()
              + " allowed; take the archive from its publisher.");
    }
    ZipFile zip;
    try {
      zip = ZipFile.builder().setPath(path).get();
    } catch (IOException | RuntimeException e) {
      // commons-compress answers a damaged directory with all kinds of exceptions.
      throw noArchive(name, e);
    }
    try {
      Map<String, ZipArchiveEntry> entries = new HashMap<>();
      List<SourceFile> files = new ArrayList<>();
      check(zip, name, limits, count, entries, files);
      files.sort(Comparator.comparing(SourceFile::path));
      return new ZipSource(name, limits, zip, entries, List.copyOf(files));
    } catch (RuntimeException e) {
      zip.close();
      throw e;
    }
  }

  /**
   * The number of entries. The JDK's reader keeps the directory as bytes where commons-compress
   * makes large objects of it: it can count what the other could not hold.
   */
  private static int countEntries(Path path, String name) throws IOException {
    try (java.util.zip.ZipFile counted = new java.util.zip.ZipFile(path.toFile())) {
      return counted.size();
    } catch (ZipException | EOFException | IllegalArgumentException e) {
      throw noArchive(name, e);
    }
  }

  private static DeepXrayException noArchive(String name, Exception e) {
    return new DeepXrayException(
        name
            + " is no whole zip archive ("
            + (e.getMessage() == null ? "it ends too early" : e.getMessage())
            + "); download it again or give the unpacked folder.",
        e);
  }

  private static void check(
      ZipFile zip,
      String name,
      Limits limits,
      int count,
      Map<String, ZipArchiveEntry> entries,
      List<SourceFile> files) {
    long total = 0;
    int seen = 0;
    Enumeration<ZipArchiveEntry> all = zip.getEntries();
    while (all.hasMoreElements()) {
      ZipArchiveEntry entry = all.nextElement();
      String path = entry.getName();
      seen++;
      Names.check(path, name, limits);
      if (entry.isUnixSymlink()) {
        throw Names.refused(name, path, "is a symbolic link");
      }
      long size = entry.getSize();
      long packed = entry.getCompressedSize();
      if (size < 0 || packed < 0) {
        throw Names.refused(name, path, "does not say its size");
      }
      total += size;
      if (total < 0 || total > limits.maxTotalBytes()) {
        throw Names.refused(
            name, path, "brings the archive over the " + limits.maxTotalBytes() + " bytes allowed");
      }
      if (size > RATIO_MATTERS_FROM && size / Math.max(1, packed) > limits.maxRatio()) {
        throw Names.refused(
            name, path, "would grow from " + packed + " to " + size + " bytes, as no image does");
      }
      if (entry.isDirectory()) {
        continue;
      }
      if (entries.put(path, entry) != null) {
        throw Names.refused(name, path, "is there twice");
      }
      files.add(new SourceFile(path, size));
    }
    if (seen != count) {
      throw new RefusedException(
          name
              + ": the archive's directory says two things, "
              + count
              + " and "
              + seen
              + " entries; take the archive from its publisher.");
    }
  }

  @Override
  public String kind() {
    return "zip";
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public List<SourceFile> files() {
    return files;
  }

  @Override
  public byte[] read(SourceFile file) throws IOException {
    ZipArchiveEntry entry = entries.get(file.path());
    if (entry == null) {
      throw new IllegalArgumentException("no entry " + file.path() + " in " + name);
    }
    if (entry.getSize() > limits.maxFileBytes()) {
      throw new DeepXrayException(
          "it has "
              + entry.getSize()
              + " bytes, more than the "
              + limits.maxFileBytes()
              + " allowed");
    }
    // The decoders of the rarer methods answer damage in ways that would end the whole run.
    boolean common = entry.getMethod() == ZipEntry.STORED || entry.getMethod() == ZipEntry.DEFLATED;
    if (!common || !zip.canReadEntryData(entry)) {
      throw new DeepXrayException("it is encrypted or packed in an unsupported way");
    }
    byte[] bytes;
    boolean more;
    try (InputStream in = zip.getInputStream(entry)) {
      bytes = in.readNBytes((int) entry.getSize());
      more = bytes.length == entry.getSize() && in.read() >= 0;
    } catch (ZipException | EOFException e) {
      throw new DeepXrayException("it is damaged in the archive (" + e.getMessage() + ")", e);
    }
    if (more) {
      throw Names.refused(
          name, file.path(), "holds more than the " + file.size() + " bytes it says");
    }
    // commons-compress leaves the checksum to its caller.
    CRC32 crc = new CRC32();
    crc.update(bytes);
    if (bytes.length != entry.getSize() || crc.getValue() != entry.getCrc()) {
      throw new DeepXrayException("it is damaged in the archive (its checksum is wrong)");
    }
    return bytes;
  }

  @Override
  public void close() throws IOException {
    zip.close();
  }
}
