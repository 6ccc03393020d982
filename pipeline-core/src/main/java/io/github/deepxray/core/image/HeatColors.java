package io.github.deepxray.core.image;

/**
 * Colour map for values 0..1, from dark blue over violet, red and orange to light yellow.
 *
 * <p>The colours lie on a helix in OKLCh (Ottosson 2020, "A perceptual color space for image
 * processing"): lightness and hue grow evenly at constant chroma, so that equal steps of the value
 * look equal. Lightness alone shows the order, in grey print and with any colour blindness.
 */
final class HeatColors {
  private static final int STEPS = 256;

  // The largest chroma that sRGB contains along the whole helix is 0.141.
  private static final double CHROMA = 0.14;
  private static final double LIGHTNESS_AT_0 = 0.25;
  private static final double LIGHTNESS_AT_1 = 0.93;
  private static final double DEGREES_AT_0 = 285;
  private static final double DEGREES_AT_1 = 460;

  private static final int[] TABLE = table();

  private HeatColors() {}

  /**
   * The colour of a value in sRGB: {@code 0xRRGGBB}.
   *
   * @param value 0..1; values outside are clipped
   */
  public static int rgb(double value) {
    return TABLE[(int) Math.rint(Math.max(0, Math.min(1, value)) * (STEPS - 1))];
  }

  private static int[] table() {
    int[] table = new int[STEPS];
    for (int i = 0; i < STEPS; i++) {
      double t = i / (STEPS - 1.0);
      double hue = Math.toRadians(DEGREES_AT_0 + t * (DEGREES_AT_1 - DEGREES_AT_0));
      table[i] =
          fromOklab(
              LIGHTNESS_AT_0 + t * (LIGHTNESS_AT_1 - LIGHTNESS_AT_0),
              CHROMA * StrictMath.cos(hue),
              CHROMA * StrictMath.sin(hue));
    }
    return table;
  }

  /** Converts OKLab to sRGB by the matrices of the publication. */
  private static int fromOklab(double lightness, double a, double b) {
    double l = cube(lightness + 0.3963377774 * a + 0.2158037573 * b);
    double m = cube(lightness - 0.1055613458 * a - 0.0638541728 * b);
    double s = cube(lightness - 0.0894841775 * a - 1.2914855480 * b);
    int red = toByte(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s);
    int green = toByte(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s);
    int blue = toByte(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s);
    return red << 16 | green << 8 | blue;
  }

  private static double cube(double x) {
    return x * x * x;
  }

  /** Linear light as sRGB stores it (IEC 61966-2-1). */
  private static int toByte(double linear) {
    double encoded =
        linear <= 0.0031308 ? 12.92 * linear : 1.055 * StrictMath.pow(linear, 1 / 2.4) - 0.055;
    return (int) Math.rint(255 * Math.max(0, Math.min(1, encoded)));
  }
}
