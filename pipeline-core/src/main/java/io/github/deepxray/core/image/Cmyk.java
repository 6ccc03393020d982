package io.github.deepxray.core.image;

import java.awt.image.Raster;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * JPEG files with four components, which the JDK hands out as they are stored. They become RGB as
 * in TensorFlow's {@code DecodeJpeg}: ink is taken off white without a colour profile.
 *
 * @param inverted whether 0 is full ink: so Adobe's programs write it, and say so with a marker
 * @param ycck whether the first three components are luma and chroma
 */
record Cmyk(boolean inverted, boolean ycck) {
  private static final byte[] ADOBE = "Adobe".getBytes(StandardCharsets.US_ASCII);

  /** The number of components that a JPEG's frame header announces; 0 if this is no JPEG. */
  static int components(byte[] jpeg) {
    int at = find(jpeg, true);
    return at < 0 || at + 10 > jpeg.length ? 0 : jpeg[at + 9] & 0xff;
  }

  /** What the Adobe marker says, if there is one (Adobe Technical Note 5116, section 18). */
  static Cmyk of(byte[] jpeg) {
    int at = find(jpeg, false);
    return at < 0 ? new Cmyk(false, false) : new Cmyk(true, jpeg[at + 15] != 0);
  }

  /** The place of the frame header or of the Adobe marker, before the first scan; or -1. */
  private static int find(byte[] jpeg, boolean frame) {
    if (jpeg.length < 4 || (jpeg[0] & 0xff) != 0xff || (jpeg[1] & 0xff) != 0xd8) {
      return -1;
    }
    int at = 2;
    while (at + 4 <= jpeg.length && (jpeg[at] & 0xff) == 0xff) {
      int marker = jpeg[at + 1] & 0xff;
      int length = (((jpeg[at + 2] & 0xff) << 8) | (jpeg[at + 3] & 0xff)) + 2;
      if (marker == 0xff) {
        // A filler byte before a marker.
        at++;
        continue;
      } else if (marker == 0xda || at + length > jpeg.length) {
        return -1;
      }
      // C4, C8 and CC lie among the frame headers but are none.
      boolean isFrame =
          marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
      boolean isAdobe =
          marker == 0xee
              && length >= 16
              && Arrays.equals(jpeg, at + 4, at + 4 + ADOBE.length, ADOBE, 0, ADOBE.length);
      if (frame ? isFrame : isAdobe) {
        return at;
      }
      at += length;
    }
    return -1;
  }

  /** The stored components as RGB. */
  RgbImage toRgb(Raster raster) {
    int height = raster.getHeight();
    int width = raster.getWidth();
    byte[] pixels = new byte[Math.multiplyExact(Math.multiplyExact(height, width), 3)];
    int[] line = new int[width * 4];
    for (int y = 0, o = 0; y < height; y++) {
      raster.getPixels(raster.getMinX(), raster.getMinY() + y, width, 1, line);
      for (int x = 0; x < width; x++, o += 3) {
        int i = 4 * x;
        if (ycck) {
          toCmy(line, i);
        }
        int light = inverted ? line[i + 3] : 255 - line[i + 3];
        for (int c = 0; c < 3; c++) {
          int sample = inverted ? line[i + c] : 255 - line[i + c];
          pixels[o + c] = (byte) (light * sample / 255);
        }
      }
    }
    return RgbImage.wrap(height, width, pixels);
  }

  /** The conversion of JFIF in fixed point, as libjpeg computes it, then inverted. */
  private static void toCmy(int[] samples, int at) {
    int y = samples[at];
    int cb = samples[at + 1] - 128;
    int cr = samples[at + 2] - 128;
    samples[at] = 255 - clamp(y + ((91881 * cr + 32768) >> 16));
    samples[at + 1] = 255 - clamp(y + ((-22554 * cb - 46802 * cr + 32768) >> 16));
    samples[at + 2] = 255 - clamp(y + ((116130 * cb + 32768) >> 16));
  }

  private static int clamp(int value) {
    return Math.max(0, Math.min(255, value));
  }
}
