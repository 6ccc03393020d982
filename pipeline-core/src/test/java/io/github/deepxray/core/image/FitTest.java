package io.github.deepxray.core.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.core.image.Fit.Region;
import io.github.deepxray.core.internal.io.Json;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class FitTest {
  /** An image whose pixels have the value 1 + 10 times the row + the column. */
  private static RgbImage numbered(int height, int width) {
    byte[] pixels = new byte[height * width * 3];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) (1 + 10 * (i / 3 / width) + i / 3 % width);
    }
    return RgbImage.of(height, width, pixels);
  }

  private static RgbImage noise(int height, int width, long seed) {
    byte[] pixels = new byte[height * width * 3];
    new SplittableRandom(seed).nextBytes(pixels);
    return RgbImage.of(height, width, pixels);
  }

  private static int[][] grey(RgbImage image) {
    int[][] values = new int[image.height()][image.width()];
    for (int y = 0; y < image.height(); y++) {
      for (int x = 0; x < image.width(); x++) {
        values[y][x] = image.at(y, x, 0);
        assertThat(image.at(y, x, 2)).isEqualTo(values[y][x]);
      }
    }
    return values;
  }

  /** A part of an image, pixel by pixel. */
  private static RgbImage part(RgbImage image, int top, int left, int height, int width) {
    byte[] pixels = new byte[height * width * 3];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) image.at(top + i / 3 / width, left + i / 3 % width, i % 3);
    }
    return RgbImage.of(height, width, pixels);
  }

  @Test
  void cropKeepsTheMiddle() {
    assertThat(grey(Fit.CROP.apply(numbered(3, 5), 3, 3)))
        .isEqualTo(new int[][] {{2, 3, 4}, {12, 13, 14}, {22, 23, 24}});
    // Of an odd difference the larger part is cut off at the right.
    assertThat(grey(Fit.CROP.apply(numbered(2, 5), 2, 2)))
        .isEqualTo(new int[][] {{2, 3}, {12, 13}});
    assertThat(grey(Fit.CROP.apply(numbered(5, 2), 2, 2)))
        .isEqualTo(new int[][] {{11, 12}, {21, 22}});
  }

  @Test
  void padSurroundsWithBlack() {
    assertThat(grey(Fit.PAD.apply(numbered(1, 3), 3, 3)))
        .isEqualTo(new int[][] {{0, 0, 0}, {1, 2, 3}, {0, 0, 0}});
    // Of an odd difference the larger bar is at the bottom.
    assertThat(grey(Fit.PAD.apply(numbered(1, 4), 4, 4)))
        .isEqualTo(new int[][] {{0, 0, 0, 0}, {1, 2, 3, 4}, {0, 0, 0, 0}, {0, 0, 0, 0}});
    assertThat(grey(Fit.PAD.apply(numbered(3, 2), 3, 3)))
        .isEqualTo(new int[][] {{1, 2, 0}, {11, 12, 0}, {21, 22, 0}});
  }

  @ParameterizedTest
  @EnumSource(Fit.class)
  void imagesOfTheSameAspectRatioAreResizedAlike(Fit fit) {
    RgbImage square = noise(50, 50, 1);
    assertThat(fit.apply(square, 50, 50)).isSameAs(square);
    assertThat(fit.apply(square, 32, 32)).isEqualTo(Resizer.resize(square, 32, 32));
    assertThat(fit.apply(square, 70, 70)).isEqualTo(Resizer.resize(square, 70, 70));
    RgbImage wide = noise(30, 40, 2);
    assertThat(fit.apply(wide, 30, 40)).isSameAs(wide);
    assertThat(fit.apply(wide, 48, 64)).isEqualTo(Resizer.resize(wide, 48, 64));
    assertThat(fit.region(wide, 48, 64)).isEqualTo(new Region(0, 0, 1, 1));
  }

  @Test
  void stretchIsResizing() {
    RgbImage image = noise(30, 61, 3);
    assertThat(Fit.STRETCH.apply(image, 32, 32)).isEqualTo(Resizer.resize(image, 32, 32));
    assertThat(Fit.STRETCH.region(image, 32, 32)).isEqualTo(new Region(0, 0, 1, 1));
  }

  /** Sizes by hand from the definition. */
  @ParameterizedTest
  @CsvSource({
    // image, input, first row and column of the part, its size
    "100, 101, 32, 32, 0, 0, 100, 100",
    "101, 100, 32, 32, 0, 0, 100, 100",
    "97, 200, 32, 32, 0, 51, 97, 97",
    "200, 97, 32, 32, 51, 0, 97, 97",
    // 101 * 56 / 48 = 117.8; 50 * 48 / 56 = 42.9
    "101, 130, 48, 56, 0, 6, 101, 118",
    "50, 50, 48, 56, 3, 0, 43, 50",
    // 3 * 2 / 4 = 1.5
    "3, 9, 4, 2, 0, 3, 3, 2",
    "1, 60, 32, 32, 0, 29, 1, 1",
    "1, 9, 40, 2, 0, 4, 1, 1"
  })
  void cropIsRounded(
      int h, int w, int toHeight, int toWidth, int top, int left, int rows, int cols) {
    RgbImage image = noise(h, w, 4);
    assertThat(Fit.CROP.apply(image, toHeight, toWidth))
        .isEqualTo(Resizer.resize(part(image, top, left, rows, cols), toHeight, toWidth));
    Region region = Fit.CROP.region(image, toHeight, toWidth);
    assertThat(region.top() * h).isCloseTo(top, within(1e-9));
    assertThat(region.left() * w).isCloseTo(left, within(1e-9));
    assertThat(region.height() * h).isCloseTo(rows, within(1e-9));
    assertThat(region.width() * w).isCloseTo(cols, within(1e-9));
  }

  @ParameterizedTest
  @CsvSource({
    // image, input, first row and column of the image in the input, its size there
    "100, 101, 32, 32, 0, 0, 32, 32",
    "100, 110, 32, 32, 1, 0, 29, 32",
    "110, 100, 32, 32, 0, 1, 32, 29",
    "97, 200, 32, 32, 8, 0, 16, 32",
    "50, 50, 48, 56, 0, 4, 48, 48",
    // 40 * 30 / 16 = 75
    "16, 30, 40, 90, 0, 7, 40, 75",
    "1, 60, 32, 32, 15, 0, 1, 32",
    "1, 90, 32, 32, 15, 0, 1, 32"
  })
  void padIsRounded(
      int h, int w, int toHeight, int toWidth, int top, int left, int rows, int cols) {
    RgbImage image = noise(h, w, 5);
    RgbImage padded = Fit.PAD.apply(image, toHeight, toWidth);
    assertThat(part(padded, top, left, rows, cols)).isEqualTo(Resizer.resize(image, rows, cols));
    for (int y = 0; y < toHeight; y++) {
      for (int x = 0; x < toWidth; x++) {
        if (y < top || y >= top + rows || x < left || x >= left + cols) {
          assertThat(padded.at(y, x, 0) + padded.at(y, x, 1) + padded.at(y, x, 2)).isZero();
        }
      }
    }
    Region region = Fit.PAD.region(image, toHeight, toWidth);
    assertThat(-region.top() * rows).isCloseTo(top, within(1e-9));
    assertThat(-region.left() * cols).isCloseTo(left, within(1e-9));
    assertThat(region.height() * rows).isCloseTo(toHeight, within(1e-9));
    assertThat(region.width() * cols).isCloseTo(toWidth, within(1e-9));
  }

  /** The square of such an image would have 10.8 GB. */
  @ParameterizedTest
  @EnumSource(Fit.class)
  void extremeShapesNeedLittleMemory(Fit fit) {
    assertThat(fit.apply(noise(1, 60_000, 6), 224, 224).height()).isEqualTo(224);
    assertThat(fit.apply(noise(60_000, 1, 6), 224, 224).width()).isEqualTo(224);
    assertThat(fit.apply(noise(60_000, 1, 6), 1, 1).width()).isEqualTo(1);
  }

  @Test
  void hasTheNamesOfTheOption() {
    assertThat(Json.compact(Fit.values())).isEqualTo("[\"stretch\",\"crop\",\"pad\"]");
  }
}
