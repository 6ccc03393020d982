package io.github.deepxray.core.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Arrays;
import java.util.Base64;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ResizerTest {
  @Test
  void resizesAsTensorFlowDoes() throws IOException {
    int values = 0;
    int off = 0;
    for (JsonNode golden : ImageCodecTest.resource("resized.json")) {
      RgbImage image =
          RgbImage.of(
              golden.get("height").asInt(),
              golden.get("width").asInt(),
              Base64.getDecoder().decode(golden.get("pixels").asText()));
      int height = golden.get("newHeight").asInt();
      int width = golden.get("newWidth").asInt();
      RgbImage resized = Resizer.resize(image, height, width);
      assertThat(resized.height()).isEqualTo(height);
      assertThat(resized.width()).isEqualTo(width);
      for (int i = 0; i < height * width * 3; i++) {
        double expected = golden.get("values").get(i).asDouble();
        int actual = resized.at(i / 3 / width, i / 3 % width, i % 3);
        assertThat((double) actual).as("%s value %s", image, i).isCloseTo(expected, within(0.502));
        values++;
        off += actual == (int) Math.floor(expected + 0.5) ? 0 : 1;
      }
    }
    assertThat(values).isGreaterThan(1000);
    // Only where TensorFlow's value lies halfway between two levels may the rounding differ.
    assertThat(off).isLessThanOrEqualTo(values / 200);
  }

  @Test
  void keepsAnImageOfTheSize() {
    RgbImage image = RgbImage.of(1, 2, new byte[] {1, 2, 3, 4, 5, 6});
    assertThat(Resizer.resize(image, 1, 2)).isEqualTo(image);
  }

  @Test
  void keepsOneColourAtEverySize() {
    byte[] pixels = new byte[37 * 53 * 3];
    Arrays.fill(pixels, (byte) 201);
    RgbImage image = RgbImage.of(37, 53, pixels);
    for (int size : new int[] {1, 2, 36, 38, 224}) {
      RgbImage resized = Resizer.resize(image, size, size);
      byte[] expected = new byte[size * size * 3];
      Arrays.fill(expected, (byte) 201);
      assertThat(resized).isEqualTo(RgbImage.of(size, size, expected));
    }
  }

  @Test
  void commutesWithMirroring() {
    byte[] pixels = new byte[40 * 40 * 3];
    new Random(1).nextBytes(pixels);
    RgbImage image = RgbImage.of(40, 40, pixels);
    RgbImage a = mirror(Resizer.resize(image, 17, 13));
    RgbImage b = Resizer.resize(mirror(image), 17, 13);
    for (int i = 0; i < 17 * 13 * 3; i++) {
      assertThat(Math.abs((a.toBytes()[i] & 0xff) - (b.toBytes()[i] & 0xff)))
          .isLessThanOrEqualTo(1);
    }
  }

  private static RgbImage mirror(RgbImage image) {
    byte[] pixels = new byte[image.height() * image.width() * 3];
    for (int y = 0; y < image.height(); y++) {
      for (int x = 0; x < image.width(); x++) {
        for (int c = 0; c < 3; c++) {
          pixels[(y * image.width() + x) * 3 + c] = (byte) image.at(y, image.width() - 1 - x, c);
        }
      }
    }
    return RgbImage.of(image.height(), image.width(), pixels);
  }
}
