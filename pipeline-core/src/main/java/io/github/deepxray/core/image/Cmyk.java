package io.github.deepxray.core.image;

import java.awt.image.Raster;

/**
 * JPEG files with four components, which the JDK hands out as they are stored. They become RGB as
 * in TensorFlow's {@code DecodeJpeg}: ink is taken off white without a colour profile.
 *
 * @param inverted whether 0 is full ink: so Adobe's programs write it, and say so with a marker
 * @param ycck whether the first three components are luma and chroma
 */
record Cmyk(boolean inverted, boolean ycck) {
  /** What the Adobe marker says, if there is one (Adobe Technical Note 5116, section 18). */
  static Cmyk of(JpegMarkers markers) {
    return markers
        .adobeTransform()
        .map(transform -> new Cmyk(true, transform != 0))
        .orElse(new Cmyk(false, false));
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
