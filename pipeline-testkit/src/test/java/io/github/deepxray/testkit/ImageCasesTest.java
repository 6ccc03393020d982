package io.github.deepxray.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.DecodedImage;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.ImageFormat;
import io.github.deepxray.core.image.ImageLimits;
import io.github.deepxray.core.image.ImageNote;
import io.github.deepxray.core.image.RgbImage;
import java.awt.geom.AffineTransform;
import java.awt.image.AffineTransformOp;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Random;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Images that other programs wrote in ways that are easily misread. */
class ImageCasesTest {
  @TempDir Path folder;

  private static DecodedImage decode(byte[] bytes) {
    return ImageCodec.decode(bytes, "it", ImageLimits.DEFAULT, EnumSet.allOf(ImageFormat.class));
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
        "tif_int32.tif            | it has samples of 32 bits, whose range nothing tells",
        "png_rgba_hiddenblack.png | of its pixels are transparent, which look as the background does",
        "png_rgba_hiddenwhite.png | of its pixels are transparent",
        "png_all_in_alpha.png     | of its pixels are transparent",
        "tif_16be.tif             | 16-bit samples are not supported",
        "tif_big.tif              | it is a BigTIFF image; save it as TIFF or PNG.",
        "webp_as.jpg              | it is a WebP image; save it as PNG.",
        "lfs_as.jpg               | it is a pointer of Git LFS, not the file itself; run git lfs pull.",
        "html_as.jpg              | it is a page of HTML",
        "gray_arithmetic.jpg      | it is packed by arithmetic coding",
        "rgb_440.jpg              | (4:4:0), which programs read differently; save it anew.",
      })
  void refusesWhatCannotBeReadRightlyAndSaysWhy(String name, String words) {
    assertThatThrownBy(() -> decode(name))
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

  /**
   * Against Java2D, which knows nothing of the tag: what each orientation means is written as a
   * matrix, from the table of Exif 2.32 (0th row and column of what is stored, and where it is
   * shown).
   */
  @ParameterizedTest
  @CsvSource({
    "1,  1,0,0,1, 0,0", "2, -1,0,0,1, 1,0", "3, -1,0,0,-1, 1,1", "4, 1,0,0,-1, 0,1",
    "5,  0,1,1,0, 0,0", "6, 0,1,-1,0, 1,0", "7, 0,-1,-1,0, 1,1", "8, 0,-1,1,0, 0,1"
  })
  void eachOrientationIsUndone(
      int orientation, double a, double b, double c, double d, int right, int down)
      throws IOException {
    int height = 5;
    int width = 7;
    byte[] pixels = new byte[height * width * 3];
    new Random(1).nextBytes(pixels);
    byte[] png = ImageCodec.encodePng(RgbImage.of(height, width, pixels));
    BufferedImage stored = ImageIO.read(new ByteArrayInputStream(png));
    int shownWidth = orientation > 4 ? height : width;
    int shownHeight = orientation > 4 ? width : height;
    AffineTransform transform =
        new AffineTransform(a, b, c, d, right * shownWidth, down * shownHeight);
    BufferedImage shown =
        new AffineTransformOp(transform, AffineTransformOp.TYPE_NEAREST_NEIGHBOR)
            .filter(
                stored, new BufferedImage(shownWidth, shownHeight, BufferedImage.TYPE_3BYTE_BGR));
    ByteArrayOutputStream expected = new ByteArrayOutputStream();
    ImageIO.write(shown, "png", expected);
    for (boolean big : new boolean[] {true, false}) {
      assertThat(decode(withExif(png, orientation, big)).image())
          .isEqualTo(decode(expected.toByteArray()).image());
    }
  }

  /** A PNG with an eXIf chunk of one entry before its end. */
  private static byte[] withExif(byte[] png, int orientation, boolean big) {
    ByteBuffer exif = ByteBuffer.allocate(26);
    exif.order(big ? java.nio.ByteOrder.BIG_ENDIAN : java.nio.ByteOrder.LITTLE_ENDIAN);
    exif.put((byte) (big ? 'M' : 'I')).put((byte) (big ? 'M' : 'I')).putShort((short) 42).putInt(8);
    exif.putShort((short) 1).putShort((short) 274).putShort((short) 3).putInt(1);
    exif.putShort((short) orientation);
    byte[] name = "eXIf".getBytes(StandardCharsets.US_ASCII);
    CRC32 crc = new CRC32();
    crc.update(name);
    crc.update(exif.array());
    ByteBuffer out = ByteBuffer.allocate(png.length + 12 + exif.capacity());
    out.put(png, 0, png.length - 12).putInt(exif.capacity()).put(name).put(exif.array());
    return out.putInt((int) crc.getValue()).put(png, png.length - 12, 12).array();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 9, 65535})
  void anOrientationThatMeansNothingIsNone(int orientation) {
    byte[] png = ImageCodec.encodePng(RgbImage.of(2, 3, new byte[18]));
    assertThat(decode(withExif(png, orientation, true)).notes()).isEmpty();
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
