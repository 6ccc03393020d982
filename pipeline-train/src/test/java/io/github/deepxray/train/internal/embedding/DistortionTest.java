package io.github.deepxray.train.internal.embedding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.internal.io.Hashes;
import io.github.deepxray.testkit.PatternImages;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DistortionTest {
  private static final int SIZE = 32;
  private static final RgbImage IMAGE = PatternImages.image(6, SIZE);

  private static float[] render(Distortion kind, RgbImage image, String name) {
    float[] pixels = new float[SIZE * SIZE * 3];
    kind.render(image, Hashes.sha256(name), pixels, 0);
    return pixels;
  }

  private static RgbImage image(float[] pixels) {
    byte[] bytes = new byte[pixels.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (int) pixels[i];
    }
    return RgbImage.of(SIZE, SIZE, bytes);
  }

  private static RgbImage twice(Distortion first, Distortion second) {
    return image(render(second, image(render(first, IMAGE, "x")), "x"));
  }

  @Test
  void undoThemselves() {
    assertThat(twice(Distortion.INVERTED, Distortion.INVERTED)).isEqualTo(IMAGE);
    assertThat(twice(Distortion.UPSIDE_DOWN, Distortion.UPSIDE_DOWN)).isEqualTo(IMAGE);
    assertThat(twice(Distortion.ROTATED_180, Distortion.ROTATED_180)).isEqualTo(IMAGE);
    assertThat(twice(Distortion.ROTATED_90, Distortion.ROTATED_270)).isEqualTo(IMAGE);
    assertThat(twice(Distortion.ROTATED_90, Distortion.ROTATED_90))
        .isEqualTo(image(render(Distortion.ROTATED_180, IMAGE, "x")));
  }

  @Test
  void rotatesCounterclockwise() {
    float[] turned = render(Distortion.ROTATED_90, IMAGE, "x");
    // The top left corner comes from the top right one.
    for (int c = 0; c < 3; c++) {
      assertThat(turned[c]).isEqualTo((float) IMAGE.at(0, SIZE - 1, c));
      assertThat(turned[(SIZE - 1) * SIZE * 3 + c]).isEqualTo((float) IMAGE.at(0, 0, c));
    }
  }

  @Test
  void changesTheGreyValues() {
    byte[] grey = new byte[SIZE * SIZE * 3];
    Arrays.fill(grey, (byte) 200);
    RgbImage image = RgbImage.of(SIZE, SIZE, grey);
    assertThat(render(Distortion.INVERTED, image, "x")).containsOnly(55);
    assertThat(render(Distortion.DARK, image, "x")).containsOnly(50);
    assertThat(render(Distortion.BRIGHT, image, "x")).containsOnly(241.25f);
    assertThat(render(Distortion.LOW_CONTRAST, image, "x")[0]).isCloseTo(142.4f, within(1e-4f));
    assertThat(render(Distortion.THRESHOLDED, image, "x")).containsOnly(255);
    for (Distortion kind :
        new Distortion[] {
          Distortion.CONSTANT, Distortion.QUARTER, Distortion.ROTATED_45, Distortion.BLURRED
        }) {
      for (float value : render(kind, image, "x")) {
        assertThat(value).as(kind.key()).isCloseTo(200, within(1e-2f));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void rendersPixelsThatDependOnTheImageAndItsHashAlone(Distortion kind) {
    float[] pixels = render(kind, IMAGE, "x");
    assertThat(render(kind, IMAGE, "x")).isEqualTo(pixels);
    for (float value : pixels) {
      assertThat(value).isBetween(0f, 255f);
    }
    assertThat(pixels).isNotEqualTo(PatternImages.floats(6, SIZE));
  }

  @Test
  void enlargesEachQuarter() {
    // 2 x 2 fields of different grey values: each quarter is constant.
    byte[] fields = new byte[SIZE * SIZE * 3];
    for (int i = 0; i < fields.length; i++) {
      int y = i / 3 / SIZE;
      int x = i / 3 % SIZE;
      fields[i] = (byte) (40 * (1 + (y < SIZE / 2 ? 0 : 1) + (x < SIZE / 2 ? 0 : 2)));
    }
    RgbImage image = RgbImage.of(SIZE, SIZE, fields);
    assertThat(
            Stream.of("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l")
                .map(name -> render(Distortion.QUARTER, image, name))
                .peek(pixels -> assertThat(pixels).containsOnly(pixels[0]))
                .map(pixels -> (int) pixels[0])
                .distinct())
        .containsExactlyInAnyOrder(40, 80, 120, 160);
  }

  @Test
  void areDifferentKeys() {
    assertThat(Stream.of(Distortion.values()).map(Distortion::fingerprint).distinct())
        .hasSize(Distortion.values().length);
    assertThat(Distortion.fitted()).contains(Distortion.INVERTED).doesNotContain(Distortion.NOISE);
  }
}
