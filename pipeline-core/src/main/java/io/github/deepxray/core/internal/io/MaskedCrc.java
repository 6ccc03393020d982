package io.github.deepxray.core.internal.io;

import java.util.zip.CRC32C;

/**
 * The checksum of TensorFlow's record files: CRC-32C, rotated right by 15 bits, plus a constant, so
 * that the checksum of bytes which hold checksums stays a good one.
 */
public final class MaskedCrc {
  private MaskedCrc() {}

  /** The checksum of some bytes. */
  public static int of(byte[] bytes, int offset, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, offset, length);
    return Integer.rotateRight((int) crc.getValue(), 15) + 0xa282ead8;
  }
}
