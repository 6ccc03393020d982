package io.github.deepxray.core.internal.io;

import java.util.zip.CRC32C;

/**
 * Masked checksum of TFRecord files: CRC-32C, rotated right by 15 bits, plus a constant. The mask
 * avoids the CRC of bytes that contain CRCs.
 */
public final class MaskedCrc {
  private MaskedCrc() {}

  /** Computes the checksum of a range of bytes. */
  public static int of(byte[] bytes, int offset, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, offset, length);
    return Integer.rotateRight((int) crc.getValue(), 15) + 0xa282ead8;
  }
}
