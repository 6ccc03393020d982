package io.github.deepxray.core.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Applies orientation tags: the tag Orientation of Exif 2.32 (CIPA DC-008, 4.6.4) in JPEG and PNG,
 * and of TIFF 6.0.
 */
final class Orientation {
  /** Value of an upright image. */
  static final int UPRIGHT = 1;

  private static final int TAG = 274;
  private static final int SHORT = 3;

  /** Number of bytes before the first chunk of a PNG. */
  private static final int PNG_SIGNATURE = 8;

  private static final byte[] EXIF_CHUNK = "eXIf".getBytes(StandardCharsets.US_ASCII);

  private Orientation() {}

  /** Orientation of a PNG, 1 (upright) to 8. */
  static int ofPng(byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    int at = PNG_SIGNATURE;
    // Chunks: length, name, content, checksum.
    while (at + 12 <= bytes.length) {
      int length = buffer.getInt(at);
      if (length < 0 || length > bytes.length - at - 12) {
        break;
      }
      if (Arrays.equals(bytes, at + 4, at + 8, EXIF_CHUNK, 0, 4)) {
        return ofTiff(bytes, at + 8, at + 8 + length);
      }
      at += 12 + length;
    }
    return UPRIGHT;
  }

  /**
   * Orientation in the first directory of a TIFF structure; upright if there is none.
   *
   * @param from the start of the structure
   * @param to the end of the structure
   */
  static int ofTiff(byte[] bytes, int from, int to) {
    if (to - from < 8) {
      return UPRIGHT;
    }
    ByteBuffer tiff = ByteBuffer.wrap(bytes, from, to - from).slice();
    tiff.order(tiff.get(0) == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    long directory = tiff.getInt(4) & 0xffffffffL;
    if (directory + 2 > tiff.limit()) {
      return UPRIGHT;
    }
    int entries = tiff.getShort((int) directory) & 0xffff;
    for (int i = 0; i < entries; i++) {
      // Entries of 12 bytes: tag, type, count, value.
      long at = directory + 2 + 12L * i;
      if (at + 12 > tiff.limit()) {
        break;
      }
      int entry = (int) at;
      if ((tiff.getShort(entry) & 0xffff) == TAG && tiff.getShort(entry + 2) == SHORT) {
        return valid(tiff.getShort(entry + 8));
      }
    }
    return UPRIGHT;
  }

  /** Returns the value if valid, else upright. */
  static int valid(int value) {
    return value >= 1 && value <= 8 ? value : UPRIGHT;
  }

  /** Whether height and width are swapped. */
  static boolean isSideways(int orientation) {
    return orientation >= 5;
  }

  /** Returns the image rotated and mirrored to upright. */
  static RgbImage upright(RgbImage image, int orientation) {
    if (orientation == UPRIGHT) {
      return image;
    }
    boolean sideways = isSideways(orientation);
    int height = sideways ? image.width() : image.height();
    int width = sideways ? image.height() : image.width();
    // Source of the first column and the first row of the result.
    boolean fromRight =
        orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
    boolean fromBottom =
        orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
    byte[] from = image.pixels();
    byte[] to = new byte[from.length];
    for (int y = 0, o = 0; y < height; y++) {
      int shownY = fromBottom ? height - 1 - y : y;
      for (int x = 0; x < width; x++, o += 3) {
        int shownX = fromRight ? width - 1 - x : x;
        int stored = sideways ? shownX * image.width() + shownY : shownY * image.width() + shownX;
        to[o] = from[3 * stored];
        to[o + 1] = from[3 * stored + 1];
        to[o + 2] = from[3 * stored + 2];
      }
    }
    return RgbImage.wrap(height, width, to);
  }
}
