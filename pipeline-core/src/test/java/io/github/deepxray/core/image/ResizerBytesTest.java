package io.github.deepxray.core.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HexFormat;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The bytes of resized images, on which those of data sets and models depend: they must not change
 * by a better way to compute them.
 */
class ResizerBytesTest {
  /** The checksums were made by the first version, which summed rows first whatever the shape. */
  @ParameterizedTest
  @CsvSource({
    "2090, 1858, 224, 224, 83af2403",
    "1858, 2090, 224, 224, e0a27daa",
    "6304, 857, 224, 224, d4361bd0",
    "400, 8572, 224, 224, 089216d7",
    "150, 150, 224, 224, 96a0aa86",
    "101, 101, 40, 40, d77b793f",
    "100, 1000, 224, 224, c7e50524",
    "1000, 100, 224, 224, 67ac8f85",
    "12, 240, 224, 224, c8d3caa4",
    "48, 960, 224, 224, d3e1a493",
    "300, 6000, 600, 600, c744b512",
    "512, 640, 380, 380, 6b28fbc3",
    "640, 512, 32, 48, c1079aaa",
  })
  void areThoseOfTheFirstVersion(int height, int width, int newHeight, int newWidth, String crc32) {
    CRC32 crc = new CRC32();
    crc.update(Resizer.resize(noise(height, width), newHeight, newWidth).toBytes());
    assertThat(HexFormat.of().toHexDigits((int) crc.getValue())).isEqualTo(crc32);
  }

  @Test
  void areThoseOfSumsOverRowsFirst() {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 60; i++) {
      RgbImage image = noise(random.nextInt(1, 50), random.nextInt(1, 50));
      int height = random.nextInt(1, 50);
      int width = random.nextInt(1, 50);
      RgbImage resized = Resizer.resize(image, height, width);
      for (int k = 0; k < height * width * 3; k++) {
        int y = k / 3 / width;
        int x = k / 3 % width;
        assertThat(resized.at(y, x, k % 3))
            .as("%s to %s x %s at %s, %s", image, height, width, y, x)
            .isEqualTo(sum(image, height, width, y, x, k % 3));
      }
    }
  }

  /** A value of the resized image, in floats as documented: the rows of each column, then those. */
  private static int sum(RgbImage image, int height, int width, int y, int x, int channel) {
    float[] rows = weights(image.height(), height, y);
    float[] columns = weights(image.width(), width, x);
    float sum = 0;
    for (int column = 0; column < columns.length; column++) {
      float down = 0;
      for (int row = 0; row < rows.length; row++) {
        down += rows[row] * image.at(row, column, channel);
      }
      sum += columns[column] * down;
    }
    return (int) Math.floor(sum + 0.5f);
  }

  /** The triangle's weight of each source pixel; 0 for those beyond it. */
  private static float[] weights(int from, int to, int index) {
    double scale = (double) from / to;
    double radius = Math.max(scale, 1);
    double[] weights = new double[from];
    double sum = 0;
    for (int i = 0; i < from; i++) {
      weights[i] = Math.max(0, 1 - Math.abs((i + 0.5 - (index + 0.5) * scale) / radius));
      sum += weights[i];
    }
    float[] floats = new float[from];
    for (int i = 0; i < from; i++) {
      floats[i] = (float) (weights[i] / sum);
    }
    return floats;
  }

  @Test
  void ofShapesThatNoXrayHasAreRightAndQuick() {
    byte[] pixels = new byte[3 * 2_000_000 * 3];
    new Random(3).nextBytes(pixels);
    RgbImage wide = RgbImage.of(3, 2_000_000, pixels);
    RgbImage resized =
        Assertions.assertTimeoutPreemptively(
            Duration.ofSeconds(20), () -> Resizer.resize(wide, 224, 224));
    // The same in the other order, which sums over rows first for so tall an image.
    RgbImage other = transposed(Resizer.resize(transposed(wide), 224, 224));
    assertThat(resized.toBytes()).hasSameSizeAs(other.toBytes());
    for (int y = 0; y < 224; y++) {
      for (int x = 0; x < 224; x++) {
        // A mean of so many random values is that of all of them.
        assertThat(resized.at(y, x, 0)).isBetween(124, 131);
        assertThat(Math.abs(resized.at(y, x, 0) - other.at(y, x, 0))).isLessThanOrEqualTo(1);
      }
    }
  }

  @Test
  void areHardlyOthersInTheOtherOrder() {
    RgbImage wide = noise(3, 900);
    RgbImage resized = Resizer.resize(wide, 60, 60);
    for (int k = 0; k < 60 * 60 * 3; k++) {
      int y = k / 3 / 60;
      int x = k / 3 % 60;
      assertThat(Math.abs(resized.at(y, x, k % 3) - sum(wide, 60, 60, y, x, k % 3)))
          .isLessThanOrEqualTo(1);
    }
  }

  private static RgbImage transposed(RgbImage image) {
    byte[] pixels = new byte[image.height() * image.width() * 3];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) image.at(i / 3 % image.height(), i / 3 / image.height(), i % 3);
    }
    return RgbImage.of(image.width(), image.height(), pixels);
  }

  private static RgbImage noise(int height, int width) {
    byte[] pixels = new byte[height * width * 3];
    new Random(height * 31L + width).nextBytes(pixels);
    return RgbImage.of(height, width, pixels);
  }
}
