package io.github.deepxray.datasets.internal.tfrecord;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.concurrent.WorkInterruptedException;
import io.github.deepxray.core.internal.io.MaskedCrc;
import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import java.util.zip.InflaterInputStream;
import java.util.zip.ZipException;

/**
 * Reads a TFRecord file, plain or compressed by gzip or zlib, one record at a time, and verifies
 * both checksums of each record.
 */
public final class TfRecordReader implements Closeable {
  /** Default limit of a record's length: 64 MiB. */
  public static final int DEFAULT_MAX_LENGTH = 64 << 20;

  private static final int HEAD = 12;

  private final Path file;
  private final int maxLength;
  private final InputStream in;
  private long record;
  private long offset;

  private TfRecordReader(Path file, int maxLength, InputStream in) {
    this.file = file;
    this.maxLength = maxLength;
    this.in = in;
  }

  /**
   * Opens a file whose records have at most {@link #DEFAULT_MAX_LENGTH} bytes.
   *
   * @throws IOException if the file cannot be read
   */
  public static TfRecordReader open(Path file) throws IOException {
    return open(file, DEFAULT_MAX_LENGTH);
  }

  /**
   * Opens a file.
   *
   * @param maxLength the largest length of a record in bytes
   * @throws DeepXrayException if the file begins as a gzip file but is none
   * @throws IOException if the file cannot be read
   */
  public static TfRecordReader open(Path file, int maxLength) throws IOException {
    BufferedInputStream raw = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
    try {
      raw.mark(HEAD);
      byte[] head = raw.readNBytes(HEAD);
      raw.reset();
      return new TfRecordReader(file, maxLength, unpacked(raw, head));
    } catch (ZipException | EOFException e) {
      raw.close();
      throw new DeepXrayException(
          file + " is not a complete gzip file (" + e.getMessage() + "); create or copy it again.",
          e);
    } catch (IOException | RuntimeException e) {
      raw.close();
      throw e;
    }
  }

  private static InputStream unpacked(InputStream raw, byte[] head) throws IOException {
    // The length of a plain record can look like a magic number.
    if (head.length < 2 || (head.length == HEAD && headIsWhole(head))) {
      return raw;
    }
    int magic = ((head[0] & 0xff) << 8) | (head[1] & 0xff);
    if (magic == 0x1f8b) {
      return new BufferedInputStream(new GZIPInputStream(raw), 1 << 16);
    }
    // RFC 1950: method 8, and a multiple of 31.
    return (head[0] & 0x0f) == 8 && magic % 31 == 0
        ? new BufferedInputStream(new InflaterInputStream(raw), 1 << 16)
        : raw;
  }

  /**
   * Reads the next record; empty after the last.
   *
   * @throws DeepXrayException if the record is cut off, longer than allowed, or a checksum is wrong
   * @throws IOException if the file cannot be read
   * @throws WorkInterruptedException if the thread is interrupted
   */
  public Optional<byte[]> next() throws IOException {
    // Cancellation point of everything that reads a data set.
    WorkInterruptedException.check();
    record++;
    byte[] head = read(HEAD);
    if (head.length == 0) {
      record--;
      return Optional.empty();
    }
    if (head.length < HEAD) {
      throw broken("the file ends within its length");
    }
    long length = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getLong();
    if (!headIsWhole(head)) {
      throw broken("the checksum of its length is wrong");
    }
    if (length < 0 || length > maxLength) {
      throw broken(
          "it has %s bytes, more than the %s allowed"
              .formatted(Long.toUnsignedString(length), maxLength));
    }
    // Grows with the received bytes: a declared length allocates no memory.
    byte[] bytes = read((int) length);
    byte[] tail = bytes.length < length ? new byte[0] : read(4);
    if (tail.length < 4) {
      throw broken("the file ends within it");
    }
    int crc = ByteBuffer.wrap(tail).order(ByteOrder.LITTLE_ENDIAN).getInt();
    if (crc != MaskedCrc.of(bytes, 0, bytes.length)) {
      throw broken("the checksum of its bytes is wrong");
    }
    offset += HEAD + length + 4;
    return Optional.of(bytes);
  }

  /** Number of the last record read, counted from 1; 0 before the first. */
  public long record() {
    return record;
  }

  /** File that is read. */
  public Path file() {
    return file;
  }

  /**
   * Creates an exception that names the file and the last record.
   *
   * @param what the description of the damage
   */
  public DeepXrayException broken(String what) {
    return new DeepXrayException(
        ("%s, record %s at byte %s: %s; the file is damaged or not a TFRecord file, create it "
                + "again.")
            .formatted(file, record, offset, what));
  }

  private byte[] read(int length) throws IOException {
    try {
      return in.readNBytes(length);
    } catch (ZipException | EOFException e) {
      throw broken("the gzip or zlib data is damaged or cut off (" + e.getMessage() + ")");
    }
  }

  private static boolean headIsWhole(byte[] head) {
    return ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getInt(8)
        == MaskedCrc.of(head, 0, 8);
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
