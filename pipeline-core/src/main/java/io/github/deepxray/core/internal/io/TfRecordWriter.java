package io.github.deepxray.core.internal.io;

import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Writes a TFRecord file: for each record its length (64 bits, little endian), the length's masked
 * CRC-32C, the bytes, and their masked CRC-32C.
 *
 * <p>For a gzipped file, pass a {@link java.util.zip.GZIPOutputStream}.
 */
public final class TfRecordWriter implements Closeable {
  private final OutputStream out;

  /** Creates a writer to a stream, which {@link #close} closes; the stream should be buffered. */
  public TfRecordWriter(OutputStream out) {
    this.out = out;
  }

  /**
   * Writes one record.
   *
   * @throws IOException if the stream does
   */
  public void write(byte[] record) throws IOException {
    ByteBuffer head = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN).putLong(record.length);
    head.putInt(MaskedCrc.of(head.array(), 0, 8));
    out.write(head.array());
    out.write(record);
    ByteBuffer tail = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
    out.write(tail.putInt(MaskedCrc.of(record, 0, record.length)).array());
  }

  @Override
  public void close() throws IOException {
    out.close();
  }
}
