package io.github.deepxray.core.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ImageFormatsTest {
  /** A file and what TensorFlow or Pillow decodes it to; see tools/goldens/formats.py. */
  record Golden(String name, String base64, RgbImage pixels) {
    byte[] file() {
      return Base64.getDecoder().decode(base64);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Golden> goldens() throws IOException {
    return StreamSupport.stream(ImageCodecTest.resource("formats.json").spliterator(), false)
        .map(
            c ->
                new Golden(
                    c.get("name").asText(),
                    c.get("file").asText(),
                    RgbImage.of(
                        c.get("height").asInt(),
                        c.get("width").asInt(),
                        Base64.getDecoder().decode(c.get("pixels").asText()))));
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void decodesAsOthersDo(Golden golden) {
    assertThat(ImageCodec.decode(golden.file(), "x")).isEqualTo(golden.pixels());
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void readsTheHeader(Golden golden) {
    ImageCodec.Header header = ImageCodec.header(golden.file(), "x");
    int channels =
        switch (golden.name()) {
          case "tiff colour alpha", "tiff cmyk" -> 4;
          case "bmp 1 bit", "tiff 1 bit" -> 1;
          default -> golden.name().startsWith("jpeg") ? 4 : golden.name().contains("grey") ? 1 : 3;
        };
    assertThat(header)
        .isEqualTo(
            new ImageCodec.Header(
                golden.name().substring(0, golden.name().indexOf(' ')),
                golden.pixels().height(),
                golden.pixels().width(),
                channels,
                true));
  }

  @Test
  void neverFailsInAnotherWayWhateverTheBytes() throws IOException {
    Random random = new Random(7);
    List<Golden> goldens = goldens().toList();
    for (int i = 0; i < 1500; i++) {
      byte[] bytes = goldens.get(i % goldens.size()).file();
      for (int k = 0; k <= i % 4; k++) {
        // Headers are where damage does most.
        int end = i % 3 == 0 ? bytes.length : Math.min(200, bytes.length);
        bytes[random.nextInt(end)] = (byte) random.nextInt();
      }
      if (i % 5 == 0) {
        bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length));
      }
      try {
        ImageCodec.header(bytes, "fuzzed");
        RgbImage image =
            ImageCodec.decode(bytes, "fuzzed", ImageLimits.DEFAULT.withMaxPixels(1_000_000));
        assertThat(image.height() * image.width()).isLessThanOrEqualTo(1_000_000);
      } catch (DeepXrayException e) {
        assertThat(e).hasMessageContaining("fuzzed");
      }
    }
  }

  @Test
  void refusesSamplesWhoseRangeNothingTells() throws IOException {
    BufferedImage signed =
        new BufferedImage(
            new java.awt.image.ComponentColorModel(
                java.awt.color.ColorSpace.getInstance(java.awt.color.ColorSpace.CS_GRAY),
                false,
                false,
                java.awt.Transparency.OPAQUE,
                java.awt.image.DataBuffer.TYPE_FLOAT),
            Raster.createWritableRaster(
                new java.awt.image.PixelInterleavedSampleModel(
                    java.awt.image.DataBuffer.TYPE_FLOAT, 4, 4, 1, 4, new int[] {0}),
                null),
            false,
            null);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    assertThat(ImageIO.write(signed, "tiff", out)).isTrue();
    assertThatThrownBy(() -> ImageCodec.decode(out.toByteArray(), "floats.tif"))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("floats.tif");
  }

  @ParameterizedTest
  @CsvSource({
    "a/b.JPEG, true",
    "b.jpg, true",
    "b.png, true",
    "b.bmp, true",
    "b.tif, true",
    "b.tiff, true",
    "jpeg, false",
    "b.gif, false",
    "b.jpeg.txt, false",
    "b., false",
  })
  void knowsTheNamesOfImages(String name, boolean image) {
    assertThat(ImageFormats.isImageName(name)).isEqualTo(image);
  }
}
