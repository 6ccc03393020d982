package io.github.deepxray.core.internal.io;

import java.io.IOException;
import java.time.LocalDateTime;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Writes zip entries that do not depend on time and platform. */
public final class ReproducibleZip {
  /**
   * Time that every zip can represent. The first one, 1980-01-01T00:00, is written by the JDK as an
   * instant in another field, which depends on the time zone.
   */
  private static final LocalDateTime TIME = LocalDateTime.of(1980, 2, 1, 0, 0);

  private ReproducibleZip() {}

  /**
   * Adds a file without compression.
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
   * Adds a compressed file. The compressed bytes differ between JDKs.
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
