package io.github.deepxray.core.internal.io;

import java.io.IOException;
import java.time.LocalDateTime;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Entries of zip archives that do not tell when or where they were written. */
public final class TimelessZip {
  /**
   * A time that every zip can tell. The first one, 1980-01-01T00:00, is taken by the JDK for an
   * earlier one, which it writes in another field as an instant: that depends on the time zone.
   */
  private static final LocalDateTime TIME = LocalDateTime.of(1980, 2, 1, 0, 0);

  private TimelessZip() {}

  /**
   * Adds a file as it is, without compression.
   *
   * @throws IOException if the archive cannot be written
   */
  public static void store(ZipOutputStream zip, String name, byte[] bytes) throws IOException {
    CRC32 crc = new CRC32();
    crc.update(bytes);
    ZipEntry entry = new ZipEntry(name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(bytes.length);
    entry.setCrc(crc.getValue());
    put(zip, entry, bytes);
  }

  /**
   * Adds a file compressed. JDKs compress to different bytes.
   *
   * @throws IOException if the archive cannot be written
   */
  public static void deflate(ZipOutputStream zip, String name, byte[] bytes) throws IOException {
    put(zip, new ZipEntry(name), bytes);
  }

  private static void put(ZipOutputStream zip, ZipEntry entry, byte[] bytes) throws IOException {
    entry.setTimeLocal(TIME);
    zip.putNextEntry(entry);
    zip.write(bytes);
    zip.closeEntry();
  }
}
