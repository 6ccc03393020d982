package io.github.deepxray.core.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class RgbImageTest {
  @Test
  void isNotChangedThroughItsArrays() {
    byte[] pixels = {1, 2, 3, (byte) 255, 5, 6};
    RgbImage image = RgbImage.of(1, 2, pixels);
    pixels[0] = 99;
    image.toBytes()[1] = 99;
    assertThat(image.toBytes()).containsExactly(1, 2, 3, 255, 5, 6);
    assertThat(image.at(0, 1, 0)).isEqualTo(255);
  }

  @Test
  void copiesValuesAsFloats() {
    float[] target = new float[8];
    RgbImage.of(1, 2, new byte[] {0, 1, 2, (byte) 128, (byte) 255, 5}).copyTo(target, 2);
    assertThat(target).containsExactly(0, 0, 0, 1, 2, 128, 255, 5);
  }

  @Test
  void knowsGrey() {
    assertThat(RgbImage.of(1, 2, new byte[] {7, 7, 7, 9, 9, 9}).isGrey()).isTrue();
    assertThat(RgbImage.of(1, 2, new byte[] {7, 7, 7, 9, 9, 8}).isGrey()).isFalse();
  }

  @Test
  void refusesValuesThatDoNotFit() {
    assertThatIllegalArgumentException().isThrownBy(() -> RgbImage.of(1, 2, new byte[5]));
    assertThatIllegalArgumentException().isThrownBy(() -> RgbImage.of(0, 2, new byte[0]));
  }
}
