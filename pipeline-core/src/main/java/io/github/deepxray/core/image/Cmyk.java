package io.github.deepxray.core.image;

import java.awt.image.Raster;

/**
 * Conversion of JPEG files with four components to RGB, as in TensorFlow's {@code DecodeJpeg}: ink
 * is subtracted from white without a colour profile. The JDK returns such components as stored.
 *
 * @param inverted whether 0 is full ink, as in files with Adobe's marker
 * @param ycck whether the first three components are luma and chroma
 */
record Cmyk(boolean inverted, boolean ycck) {
  /** Reads the Adobe marker, if there is one (Adobe Technical Note 5116, section 18). */
  static Cmyk of(JpegMarkers markers) {
    return markers
        .adobeTransform()
        .map(transform -> new Cmyk(true, transform != 0))
        .orElse(new Cmyk(false, false));
  }

  /** Converts the stored components to RGB. */
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
