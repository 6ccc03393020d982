package io.github.deepxray.datasets.internal.source;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.datasets.source.SourceLimits;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipFile;

/**
 * Source of a zip archive; entries are inflated into memory on demand, not to disk.
 *
 * <p>The archive is read through its central directory: only the directory marks symbolic links and
 * lists all names and sizes before inflating; and several threads can inflate entries.
 */
record ZipSource(
    NameChecker names, ZipFile zip, Map<String, ZipArchiveEntry> entries, List<SourceFile> files)
    implements FileSource {
  /** Entries below this size may have any ratio. */
  private static final long RATIO_MATTERS_FROM = 1 << 20;

  /** End record of an archive: its signature, length, and length with a comment. */
  private static final int END_SIGNATURE = 0x06054b50;

  private static final int END = 22;
  private static final int END_AND_COMMENT = END + 0xffff;

  private static final Map<String, String> OTHER_KINDS =
      Map.of(
          "1f8b", "a gzip file, such as .tar.gz",
          "377abcaf271c", "a 7z archive",
          "526172211a07", "a RAR archive",
          "425a68", "a bzip2 file",
          "fd377a585a00", "an xz file");

  private static final Charset MS_DOS =
      Charset.isSupported("IBM437") ? Charset.forName("IBM437") : StandardCharsets.ISO_8859_1;

  static ZipSource open(Path path, SourceLimits limits) throws IOException {
    String name = path.toString();
    refuseOtherKinds(path);
    int count = countEntries(path, name);
    if (count > limits.maxEntries()) {
      throw new RefusedException(
          ("%s: the archive holds %s entries, more than the %s allowed; unpack it and give a "
                  + "folder of fewer images.")
              .formatted(name, count, limits.maxEntries()));
    }
    ZipFile zip;
    try {
      zip = ZipFile.builder().setPath(path).get();
    } catch (IOException | RuntimeException e) {
      // commons-compress throws many kinds of exceptions for a damaged directory.
      throw noArchive(name, e);
    }
    try {
      NameChecker names =
          new NameChecker(
              name, limits, "nothing was read; download the archive from its publisher");
      Map<String, ZipArchiveEntry> entries = check(zip, names, count);
      List<SourceFile> files = new ArrayList<>();
      entries.forEach((file, entry) -> files.add(new SourceFile(file, entry.getSize())));
      files.sort(Comparator.comparing(SourceFile::path));
      return new ZipSource(names, zip, entries, List.copyOf(files));
    } catch (RuntimeException e) {
      zip.close();
      throw e;
    }
  }

  /** Rejects other kinds of archives with a message that names the kind. */
  private static void refuseOtherKinds(Path path) throws IOException {
    String hex;
    try (InputStream in = Files.newInputStream(path)) {
      hex = HexFormat.of().formatHex(in.readNBytes(8));
    }
    OTHER_KINDS.forEach(
        (signature, kind) -> {
          if (hex.startsWith(signature)) {
            throw new DeepXrayException(
                path + " is " + kind + ", not a zip archive; unpack it and give the folder.");
          }
        });
    // The signature of a spanned archive; its last part ends in a directory of several disks.
    if (hex.startsWith("504b0708") || isLastOfSeveral(path)) {
      throw new DeepXrayException(
          path
              + " is part of a split zip archive; join its parts (zip -s 0 <name>.zip --out"
              + " whole.zip), or unpack them and give the folder.");
    }
  }

  private static boolean isLastOfSeveral(Path path) throws IOException {
    long size = Files.size(path);
    byte[] tail;
    try (SeekableByteChannel channel = Files.newByteChannel(path)) {
      channel.position(Math.max(0, size - END_AND_COMMENT));
      tail = Channels.newInputStream(channel).readNBytes(END_AND_COMMENT);
    }
    ByteBuffer bytes = ByteBuffer.wrap(tail).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = tail.length - END; i >= 0; i--) {
      if (bytes.getInt(i) == END_SIGNATURE) {
        int disk = bytes.getShort(i + 4) & 0xffff;
        return disk > 0 && disk < 0xffff;
      }
    }
    return false;
  }

  /**
   * Counts the entries. The JDK's reader keeps the directory as bytes, where commons-compress
   * creates large objects: it can count more entries than the other can hold.
   */
  private static int countEntries(Path path, String name) throws IOException {
    // A charset of all bytes: names that are not UTF-8 are decoded below.
    try (java.util.zip.ZipFile counted =
        new java.util.zip.ZipFile(path.toFile(), StandardCharsets.ISO_8859_1)) {
      return counted.size();
    } catch (ZipException | EOFException | IllegalArgumentException e) {
      throw noArchive(name, e);
    }
  }

  private static DeepXrayException noArchive(String name, Exception e) {
    String why = e.getMessage() == null ? "it ends too early" : e.getMessage();
    if (why.contains("encrypted") || why.contains("compression method")) {
      // The JDK rejects the whole archive for one such entry.
      return new DeepXrayException(
          name
              + (why.contains("encrypted")
                  ? " has encrypted files"
                  : " has files with a compression method other than Deflate (" + why + ")")
              + "; unpack it and give the folder.",
          e);
    }
    return new DeepXrayException(
        "%s is not a complete zip archive (%s); download it again or give the unpacked folder."
            .formatted(name, why),
        e);
  }

  /** Files of an archive by their paths. */
  private static Map<String, ZipArchiveEntry> check(ZipFile zip, NameChecker names, int count) {
    Map<String, ZipArchiveEntry> entries = new HashMap<>();
    long total = 0;
    int seen = 0;
    Enumeration<ZipArchiveEntry> all = zip.getEntries();
    while (all.hasMoreElements()) {
      ZipArchiveEntry entry = all.nextElement();
      String path = path(entry);
      seen++;
      names.check(path);
      if (entry.isUnixSymlink()) {
        throw names.refused(path, "is a symbolic link");
      }
      total += size(entry, path, names);
      if (total < 0 || total > names.limits().maxTotalBytes()) {
        throw names.refused(
            path,
            "exceeds the limit of " + names.limits().maxTotalBytes() + " bytes of the archive");
      }
      if (entry.isDirectory()) {
        continue;
      }
      if (entries.put(path, entry) != null) {
        throw names.refused(path, "is repeated");
      }
    }
    if (seen != count) {
      throw new RefusedException(
          ("%s: the archive's directory is inconsistent, with %s and %s entries; download it again "
                  + "from its publisher.")
              .formatted(names.source(), count, seen));
    }
    return entries;
  }

  private static long size(ZipArchiveEntry entry, String path, NameChecker names) {
    long size = entry.getSize();
    long packed = entry.getCompressedSize();
    if (size < 0 || packed < 0) {
      throw names.refused(path, "has no size");
    }
    if (size > RATIO_MATTERS_FROM && size / Math.max(1, packed) > names.limits().maxRatio()) {
      throw names.refused(
          path, "would inflate from " + packed + " to " + size + " bytes, too much for an image");
    }
    return size;
  }

  /**
   * Path of an entry. A name that is not UTF-8 is in an unknown code page of the machine that wrote
   * it; that of MS-DOS keeps names distinct. Some Windows programs separate folders by a backslash.
   */
  private static String path(ZipArchiveEntry entry) {
    byte[] raw = entry.getRawName();
    String name = entry.getName();
    if (raw != null && entry.getNameSource() == ZipArchiveEntry.NameSource.NAME) {
      try {
        StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(raw));
      } catch (CharacterCodingException e) {
        name = new String(raw, MS_DOS);
      }
    }
    return name.replace('\\', '/');
  }

  @Override
  public String kind() {
    return "zip";
  }

  @Override
  public String name() {
    return names.source();
  }

  @Override
  public byte[] read(SourceFile file) throws IOException {
    ZipArchiveEntry entry = entries.get(file.path());
    if (entry == null) {
      throw new IllegalArgumentException("no entry " + file.path() + " in " + name());
    }
    file.requireAtMost(names.limits().maxFileBytes());
    // The decoders of rare methods fail on damaged data in ways that would end the whole run.
    boolean common = entry.getMethod() == ZipEntry.STORED || entry.getMethod() == ZipEntry.DEFLATED;
    if (!common || !zip.canReadEntryData(entry)) {
      throw new DeepXrayException("it is encrypted or its compression method is unsupported");
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
      throw names.refused(file.path(), "has more than the declared " + file.size() + " bytes");
    }
    // commons-compress does not check the checksum.
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
