package io.github.deepxray.core.image;

/** Draws heat maps in {@link HeatColors}, over an image or alone. */
public final class HeatMapOverlay {
  private HeatMapOverlay() {}

  /**
   * Draws a heat map over an image. Each pixel is mixed with the colour of the map's value there,
   * in proportion to the value: where the map is 0 the image is unchanged.
   *
   * @param image the image, of any size; the map is stretched over all of it
   * @param map divided by its maximum first
   * @param opacity the colour's share where the map has its maximum, 0..1
   * @throws IllegalArgumentException if the opacity is not in 0..1
   */
  public static RgbImage over(RgbImage image, HeatMap map, double opacity) {
    if (!(opacity >= 0 && opacity <= 1)) {
      throw new IllegalArgumentException("opacity " + opacity);
    }
    HeatMap heat = map.normalized().resized(image.height(), image.width());
    byte[] source = image.pixels();
    byte[] target = new byte[source.length];
    for (int y = 0, i = 0; y < image.height(); y++) {
      for (int x = 0; x < image.width(); x++) {
        float value = heat.at(y, x);
        int color = HeatColors.rgb(value);
        double share = opacity * value;
        for (int shift = 16; shift >= 0; shift -= 8, i++) {
          int pixel = source[i] & 0xff;
          target[i] = (byte) Math.rint(pixel + share * (((color >> shift) & 0xff) - pixel));
        }
      }
    }
    return RgbImage.wrap(image.height(), image.width(), target);
  }

  /**
   * Draws a heat map alone.
   *
   * @param map divided by its maximum first
   * @param height the height of the picture in pixels, at least 1
   * @param width the width of the picture in pixels, at least 1
   */
  public static RgbImage alone(HeatMap map, int height, int width) {
    HeatMap heat = map.normalized().resized(height, width);
    byte[] target = new byte[Math.multiplyExact(Math.multiplyExact(height, width), 3)];
    for (int y = 0, i = 0; y < height; y++) {
      for (int x = 0; x < width; x++, i += 3) {
        int color = HeatColors.rgb(heat.at(y, x));
        target[i] = (byte) (color >> 16);
        target[i + 1] = (byte) (color >> 8);
        target[i + 2] = (byte) color;
      }
    }
    return RgbImage.wrap(height, width, target);
  }
}
