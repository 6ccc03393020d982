package io.github.deepxray.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.core.image.RgbImage;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PatternImagesTest {
  /** Lines of pattern, size and CRC-32 that tools/goldens/efficientnet_features.py wrote. */
  static List<String> checksumsFromPython() throws IOException {
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(
                PatternImagesTest.class.getResourceAsStream("patterns-crc32.txt"),
                StandardCharsets.US_ASCII))) {
      return reader.lines().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("checksumsFromPython")
  void drawsWhatPythonDraws(String line) {
    String[] fields = line.split(" ", -1);
    RgbImage image = PatternImages.image(Integer.parseInt(fields[0]), Integer.parseInt(fields[1]));
    CRC32 crc = new CRC32();
    crc.update(image.toBytes());
    assertThat(crc.getValue()).isEqualTo(HexFormat.fromHexDigitsToLong(fields[2]));
  }

  @Test
  void floatsAndBatchHoldTheSamePixels() {
    float[] batch = PatternImages.batch(17);
    int size = 17 * 17 * 3;
    assertThat(batch).hasSize(PatternImages.COUNT * size);
    for (int k = 0; k < PatternImages.COUNT; k++) {
      float[] fromImage = new float[size];
      PatternImages.image(k, 17).copyTo(fromImage, 0);
      assertThat(PatternImages.floats(k, 17)).containsExactly(fromImage);
      assertThat(Arrays.copyOfRange(batch, k * size, (k + 1) * size)).containsExactly(fromImage);
    }
  }

  @Test
  void goldensAreWholeAndDiffer() {
    float[][] features = KerasGoldens.efficientNetB0Features();
    assertThat(features).hasDimensions(PatternImages.COUNT, KerasGoldens.FEATURES);
    assertThat(Arrays.asList(features)).doesNotHaveDuplicates();
    for (float[] image : features) {
      for (float value : image) {
        // Swish never goes below -0.2785, nor does a mean of it.
        assertThat(value).isFinite().isGreaterThan(-0.2785f);
      }
    }
  }
}
