package io.github.deepxray.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.DecodedImage;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.ImageFormats;
import io.github.deepxray.core.image.ImageLimits;
import io.github.deepxray.core.image.ImageNote;
import io.github.deepxray.core.image.RgbImage;
import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Images that other programs wrote in ways that are easily misread. */
class ImageCasesTest {
  private static DecodedImage decode(byte[] bytes) {
    return ImageCodec.decode(bytes, "it", ImageLimits.DEFAULT, ImageFormats.all());
  }

  private static DecodedImage decode(String name) throws IOException {
    return decode(Files.readAllBytes(SharedData.cases("images/" + name)));
  }

  private static double meanError(RgbImage a, RgbImage b) {
    assertThat(a.height()).isEqualTo(b.height());
    assertThat(a.width()).isEqualTo(b.width());
    byte[] one = a.toBytes();
    byte[] two = b.toBytes();
    long sum = 0;
    for (int i = 0; i < one.length; i++) {
      sum += Math.abs((one[i] & 0xff) - (two[i] & 0xff));
    }
    return (double) sum / one.length;
  }

  @ParameterizedTest
  @CsvSource({
    "gray.jpg, ref_gray.png",
    "rgb_444.jpg, ref_rgb.png",
    "rgb_444_nojfif_ids012.jpg, ref_rgb.png",
    "tif_thumbfirst.tif, ref_gray.png"
  })
  void showsWhatWasMeant(String name, String reference) throws IOException {
    assertThat(meanError(decode(name).image(), decode(reference).image())).isLessThan(0.7);
  }

  @Test
  void namesOfComponentsAloneTellNoColours() throws IOException {
    assertThat(decode("rgb_444_nojfif_ids012.jpg").image())
        .isEqualTo(decode("rgb_444.jpg").image());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "gray_ascii_lf2crlf.jpg   | damaged (Corrupt JPEG data",
        "gray_missing512.jpg      | damaged (Corrupt JPEG data: premature end",
        "gray_zerotail_eoi.jpg    | damaged (Corrupt JPEG data: premature end",
        "tif_int32.tif            | it has samples of 32 bits, whose range is unknown",
        "png_rgba_hiddenblack.png | of its pixels are transparent, which look as the background"
            + " does",
        "png_rgba_hiddenwhite.png | of its pixels are transparent",
        "png_all_in_alpha.png     | of its pixels are transparent",
        "tif_16be.tif             | 16-bit samples are not supported",
        "tif_big.tif              | it is a BigTIFF image; save it as TIFF or PNG.",
        "webp_as.jpg              | it is a WebP image; save it as PNG.",
        "lfs_as.jpg               | it is a pointer of Git LFS, not the file itself; run git lfs"
            + " pull.",
        "html_as.jpg              | it is a page of HTML",
        "gray_arithmetic.jpg      | it uses arithmetic coding",
        "rgb_440.jpg              | (4:4:0), which programs read differently; save it again.",
      })
  void refusesWhatCannotBeReadRightlyAndSaysWhy(String name, String words) throws IOException {
    // Read first: where the data is absent the test is skipped, which is no refusal.
    byte[] file = Files.readAllBytes(SharedData.cases("images/" + name));
    assertThatThrownBy(() -> decode(file))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageStartingWith("it ")
        .hasMessageContaining(words)
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
  }

  @Test
  void turnsAnImageUpright() throws IOException {
    DecodedImage turned = decode("gray_orient6.jpg");
    assertThat(turned.notes()).containsExactly(ImageNote.TURNED);
    byte[] file = Files.readAllBytes(SharedData.cases("images/gray_orient6.jpg"));
    ImageCodec.Header header = ImageCodec.header(file, "it");
    assertThat(header.height()).isEqualTo(640);
    assertThat(header.width()).isEqualTo(512);
    assertThat(header.stored()).isFalse();
    // Without the tag the pixels lie as they are stored.
    byte[] plain = file.clone();
    for (int i = 0; i < plain.length - 4; i++) {
      if (plain[i] == 'E' && plain[i + 1] == 'x' && plain[i + 2] == 'i' && plain[i + 3] == 'f') {
        plain[i] = 'X';
      }
    }
    RgbImage stored = decode(plain).image();
    assertThat(stored.height()).isEqualTo(512);
    for (int y = 0; y < 640; y += 37) {
      for (int x = 0; x < 512; x += 41) {
        assertThat(turned.image().at(y, x, 0)).isEqualTo(stored.at(511 - x, y, 0));
      }
    }
  }

  @Test
  void saysThatAnImageIsDark() throws IOException {
    assertThat(decode("png_16of12.png").notes()).containsExactly(ImageNote.PART_OF_RANGE);
    assertThat(decode("png_16of12.png").remarks("x.png"))
        .containsExactly(
            "x.png uses only a part of the range of its 16 bits, which makes it dark.");
  }

  @Test
  void readsTheLargestPage() throws IOException {
    DecodedImage image = decode("tif_thumbfirst.tif");
    assertThat(image.notes()).containsExactly(ImageNote.PAGES);
    assertThat(image.image().width()).isEqualTo(640);
    assertThat(
            ImageCodec.header(
                    Files.readAllBytes(SharedData.cases("images/tif_thumbfirst.tif")), "it")
                .width())
        .isEqualTo(640);
  }
}
