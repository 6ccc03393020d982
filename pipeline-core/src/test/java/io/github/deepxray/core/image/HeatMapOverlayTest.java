package io.github.deepxray.core.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class HeatMapOverlayTest {
  /** CIELAB under D65 (CIE 15), from sRGB (IEC 61966-2-1). */
  private static double[] lab(int rgb) {
    double[] linear = new double[3];
    for (int c = 0; c < 3; c++) {
      double v = ((rgb >> (16 - 8 * c)) & 0xff) / 255.0;
      linear[c] = v <= 0.04045 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4);
    }
    double x = f((0.4124 * linear[0] + 0.3576 * linear[1] + 0.1805 * linear[2]) / 0.9505);
    double y = f(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]);
    double z = f((0.0193 * linear[0] + 0.1192 * linear[1] + 0.9505 * linear[2]) / 1.089);
    return new double[] {116 * y - 16, 500 * (x - y), 200 * (y - z)};
  }

  private static double f(double t) {
    return t > 216 / 24389.0 ? Math.cbrt(t) : (24389 / 27.0 * t + 16) / 116;
  }

  /** What somebody without cones for long waves sees (Viénot, Brettel and Mollon 1999). */
  private static int asByProtanopes(int rgb) {
    double[] v = new double[3];
    for (int c = 0; c < 3; c++) {
      v[c] = Math.pow(((rgb >> (16 - 8 * c)) & 0xff) / 255.0, 2.2);
    }
    double yellowBlue = 0.11238 * v[0] + 0.88762 * v[1];
    double blue = 0.00401 * v[0] - 0.00401 * v[1] + v[2];
    int red = (int) Math.rint(255 * Math.pow(Math.min(1, yellowBlue), 1 / 2.2));
    int last = (int) Math.rint(255 * Math.pow(Math.max(0, Math.min(1, blue)), 1 / 2.2));
    return red << 16 | red << 8 | last;
  }

  private static double distance(double[] a, double[] b) {
    return Math.sqrt(
        Math.pow(a[0] - b[0], 2) + Math.pow(a[1] - b[1], 2) + Math.pow(a[2] - b[2], 2));
  }

  @Test
  void equalStepsLookEqual() {
    int steps = 16;
    double least = Double.MAX_VALUE;
    double most = 0;
    for (int i = 1; i <= steps; i++) {
      double[] before = lab(HeatColors.rgb((i - 1.0) / steps));
      double[] after = lab(HeatColors.rgb((double) i / steps));
      assertThat(after[0] - before[0]).as("lightness grows").isBetween(3.0, 6.5);
      least = Math.min(least, distance(before, after));
      most = Math.max(most, distance(before, after));
    }
    // CIELAB itself is uniform only so far: viridis has 2.18 here, plasma 2.98, jet 4.38.
    assertThat(most / least).isLessThan(2.2);
  }

  @Test
  void theOrderIsSeenWithoutRedAndGreenToo() {
    double last = -1;
    for (int i = 0; i <= 32; i++) {
      double lightness = lab(asByProtanopes(HeatColors.rgb(i / 32.0)))[0];
      assertThat(lightness).isGreaterThan(last + 0.5);
      last = lightness;
    }
  }

  @Test
  void theEndsAreDarkBlueAndLightYellow() {
    double[] low = lab(HeatColors.rgb(0));
    double[] high = lab(HeatColors.rgb(1));
    assertThat(low[0]).isLessThan(20);
    assertThat(low[2]).as("blue").isLessThan(-30);
    assertThat(high[0]).isGreaterThan(88);
    assertThat(high[2]).as("yellow").isGreaterThan(40);
    assertThat(HeatColors.rgb(-1)).isEqualTo(HeatColors.rgb(0));
    assertThat(HeatColors.rgb(7)).isEqualTo(HeatColors.rgb(1));
  }

  @Test
  void theImageShowsThroughWhereTheMapIsLow() {
    RgbImage grey = RgbImage.of(4, 6, filled(4 * 6 * 3, 100));
    HeatMap map = HeatMap.of(1, 2, new float[] {0, 5});
    RgbImage over = HeatMapOverlay.over(grey, map, 0.5);
    int hot = HeatColors.rgb(1);
    for (int y = 0; y < 4; y++) {
      assertThat(over.at(y, 0, 0)).isEqualTo(100);
      assertThat(over.at(y, 0, 2)).isEqualTo(100);
      for (int c = 0; c < 3; c++) {
        int color = (hot >> (16 - 8 * c)) & 0xff;
        assertThat(over.at(y, 5, c)).isCloseTo((100 + color) / 2, within(1));
      }
    }
    assertThat(HeatMapOverlay.over(grey, map, 0)).isEqualTo(grey);
    assertThat(HeatMapOverlay.over(grey, HeatMap.of(3, 3, new float[9]), 1)).isEqualTo(grey);
    assertThat(over.height()).isEqualTo(4);
    assertThat(over.width()).isEqualTo(6);
    for (double opacity : new double[] {-0.1, 1.1, Double.NaN}) {
      assertThatThrownBy(() -> HeatMapOverlay.over(grey, map, opacity))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void theHeatAloneIsInTheColoursOfItsValues() {
    RgbImage alone = HeatMapOverlay.alone(HeatMap.of(2, 1, new float[] {0, 2}), 2, 3);
    for (int x = 0; x < 3; x++) {
      for (int c = 0; c < 3; c++) {
        assertThat(alone.at(0, x, c)).isEqualTo((HeatColors.rgb(0) >> (16 - 8 * c)) & 0xff);
        assertThat(alone.at(1, x, c)).isEqualTo((HeatColors.rgb(1) >> (16 - 8 * c)) & 0xff);
      }
    }
  }

  @Test
  void pngKeepsEveryPixel() {
    RgbImage color = HeatMapOverlay.alone(HeatMap.of(2, 2, new float[] {0, 1, 2, 3}), 37, 53);
    RgbImage grey = RgbImage.of(5, 7, filled(5 * 7 * 3, 42));
    for (RgbImage image : new RgbImage[] {color, grey}) {
      byte[] png = ImageCodec.encodePng(image);
      assertThat(ImageCodec.decode(png, "png")).isEqualTo(image);
      assertThat(ImageCodec.header(png, "png").channels()).isEqualTo(image.isGrey() ? 1 : 3);
      assertThat(ImageCodec.encodePng(image)).isEqualTo(png);
    }
  }

  private static byte[] filled(int length, int value) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }
}
