package io.github.deepxray.core.internal.image;

import io.github.deepxray.core.image.RgbImage;

/**
 * Mean and standard deviation of the grey values of a network's input. Values are rounded to three
 * decimals as in files, so that equal images have equal values.
 *
 * @param brightness the mean
 * @param contrast the standard deviation
 */
public record GreyStatistics(double brightness, double contrast) {
  /** Measures an image. */
  public static GreyStatistics of(RgbImage image) {
    float[] rgb = new float[image.height() * image.width() * 3];
    image.copyTo(rgb, 0);
    return of(rgb, 0, rgb.length);
  }

  /**
   * Measures an image within an array.
   *
   * @param rgb red, green and blue of each pixel, exact for whole values
   * @param offset the position of the first value
   * @param length the number of values of the image
   */
  public static GreyStatistics of(float[] rgb, int offset, int length) {
    double sum = 0;
    double squares = 0;
    for (int i = offset; i < offset + length; i += 3) {
      double grey = (double) rgb[i] + rgb[i + 1] + rgb[i + 2];
      sum += grey;
      squares += grey * grey;
    }
    double mean = 3 * sum / length;
    double variance = Math.max(0, 3 * squares / length - mean * mean);
    return new GreyStatistics(rounded(mean / 3), rounded(Math.sqrt(variance) / 3));
  }

  private static double rounded(double value) {
    return Math.rint(value * 1000) / 1000;
  }
}
