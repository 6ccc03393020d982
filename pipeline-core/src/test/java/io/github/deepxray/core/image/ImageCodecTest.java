package io.github.deepxray.core.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Json;
import java.awt.color.ColorSpace;
import java.awt.color.ICC_Profile;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import java.util.zip.CRC32;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.plugins.jpeg.JPEGQTable;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageCodecTest {
  /** An image file and what TensorFlow decodes it to; see tools/goldens/images.py. */
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
    return StreamSupport.stream(resource("decoded.json").spliterator(), false)
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

  static JsonNode resource(String name) throws IOException {
    try (InputStream in = ImageCodecTest.class.getResourceAsStream(name)) {
      return Json.parse(new String(in.readAllBytes(), StandardCharsets.UTF_8), name);
    }
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void decodesAsTensorFlowDoes(Golden golden) {
    assertThat(ImageCodec.decode(golden.file(), "x")).isEqualTo(golden.pixels());
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void readsTheHeader(Golden golden) {
    ImageCodec.Header header = ImageCodec.header(golden.file(), "x");
    assertThat(header.format()).isEqualTo(golden.name().substring(0, golden.name().indexOf(' ')));
    assertThat(header.height()).isEqualTo(golden.pixels().height());
    assertThat(header.width()).isEqualTo(golden.pixels().width());
    int channels =
        switch (golden.name()) {
          case "jpeg grey", "png grey", "png grey 16 bits", "png 1 bit" -> 1;
          case "png grey alpha" -> 2;
          case "png colour alpha" -> 4;
          default -> 3;
        };
    assertThat(header.channels()).isEqualTo(channels);
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void refusesEveryFileThatIsCutInTheMiddle(Golden golden) {
    byte[] half = Arrays.copyOf(golden.file(), golden.file().length * 3 / 4);
    assertThatThrownBy(() -> ImageCodec.decode(half, "the-file"))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("the-file");
  }

  @Test
  void refusesAJpegThatLacksItsLastRows() {
    byte[] whole = ImageCodec.encodeJpeg(noise(224, 224, 1), 90);
    for (int percent : new int[] {10, 50, 90, 99}) {
      byte[] cut = Arrays.copyOf(whole, whole.length * percent / 100);
      assertThatThrownBy(() -> ImageCodec.decode(cut, "the-file"))
          .as("%s %% of the file", percent)
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining("the-file");
    }
  }

  @Test
  void neverFailsInAnotherWayWhateverTheBytes() {
    Random random = new Random(5);
    List<Golden> goldens = uncheckedGoldens();
    for (int i = 0; i < 2000; i++) {
      byte[] bytes = goldens.get(i % goldens.size()).file();
      for (int k = 0; k <= i % 4; k++) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
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

  private static List<Golden> uncheckedGoldens() {
    try {
      return goldens().toList();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "GIF89a", "not an image at all", "\u00ff\u00d8\u00ff"})
  void refusesWhatIsNoImage(String content) {
    byte[] bytes = content.getBytes(StandardCharsets.ISO_8859_1);
    assertThatThrownBy(() -> ImageCodec.header(bytes, "the-file"))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("the-file");
    assertThatThrownBy(() -> ImageCodec.decode(bytes, "the-file"))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("the-file");
  }

  @Test
  void refusesGif() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageIO.write(new BufferedImage(4, 4, BufferedImage.TYPE_BYTE_GRAY), "gif", out);
    assertThatThrownBy(() -> ImageCodec.decode(out.toByteArray(), "x.gif"))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("x.gif is a GIF image; save it as PNG.");
  }

  @Test
  void readsNoOtherFormatsThanThoseItIsAllowed() {
    byte[] jpeg = ImageCodec.encodeJpeg(ramp(4, 4), 90);
    List<ImageFormat> formats = List.of(new JdkImageFormat.Png(), new JdkImageFormat.Bmp());
    assertThat(
            ImageCodec.decode(jpeg, "x", ImageLimits.DEFAULT, List.of(new JdkImageFormat.Jpeg()))
                .image()
                .height())
        .isEqualTo(4);
    assertThatThrownBy(() -> ImageCodec.decode(jpeg, "x.jpeg", ImageLimits.DEFAULT, formats))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("x.jpeg is neither PNG nor BMP");
  }

  @Test
  void refusesAPngThatAnnouncesTooManyPixelsBeforeDecoding() {
    byte[] bomb = pngHeader(60_000, 60_000);
    ImageCodec.Header header = ImageCodec.header(bomb, "bomb");
    assertThat(header.height()).isEqualTo(60_000);
    assertThat(header.width()).isEqualTo(60_000);
    assertThatThrownBy(() -> ImageCodec.decode(bomb, "bomb.png"))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("bomb.png")
        .hasMessageContaining("60000 x 60000");
  }

  @Test
  void refusesAJpegThatAnnouncesTooManyPixelsBeforeDecoding() {
    byte[] jpeg = ImageCodec.encodeJpeg(noise(16, 16, 2), 90);
    for (int i = 0; i < jpeg.length - 9; i++) {
      if ((jpeg[i] & 0xff) == 0xff && (jpeg[i + 1] & 0xff) == 0xc0) {
        ByteBuffer.wrap(jpeg).putShort(i + 5, (short) 65_000).putShort(i + 7, (short) 65_000);
        break;
      }
    }
    assertThatThrownBy(() -> ImageCodec.decode(jpeg, "bomb.jpeg"))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("65000 x 65000");
  }

  @Test
  void refusesAJpegOfScansWithoutEnd() throws IOException {
    BufferedImage image = new BufferedImage(64, 48, BufferedImage.TYPE_3BYTE_BGR);
    for (int i = 0; i < 64 * 48; i++) {
      image.setRGB(i % 64, i / 64, i * 7919);
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ImageWriteParam progressive = writer.getDefaultWriteParam();
    progressive.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
    try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
      writer.setOutput(out);
      writer.write(null, new IIOImage(image, null, null), progressive);
    } finally {
      writer.dispose();
    }
    byte[] file = bytes.toByteArray();
    assertThat(ImageCodec.decode(file, "test").width()).isEqualTo(64);

    // The last scan, which refines what is there, once more and once more.
    int scan = file.length - 2;
    while (file[scan] != (byte) 0xff || file[scan + 1] != (byte) 0xda) {
      scan--;
    }
    ByteArrayOutputStream bomb = new ByteArrayOutputStream();
    bomb.write(file, 0, file.length - 2);
    for (int i = 0; i < 150; i++) {
      bomb.write(file, scan, file.length - 2 - scan);
    }
    bomb.write(file, file.length - 2, 2);
    assertThatThrownBy(() -> ImageCodec.decode(bomb.toByteArray(), "bomb"))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("bomb")
        .hasMessageContaining("scans");
  }

  @Test
  void honoursTheLimitItIsGiven() {
    byte[] jpeg = ImageCodec.encodeJpeg(noise(10, 10, 2), 90);
    assertThat(ImageCodec.decode(jpeg, "x", ImageLimits.DEFAULT.withMaxPixels(100)).height())
        .isEqualTo(10);
    assertThatThrownBy(() -> ImageCodec.decode(jpeg, "x", ImageLimits.DEFAULT.withMaxPixels(99)))
        .isInstanceOf(DeepXrayException.class);
  }

  @Test
  void storesGreyWithOneChannelAndColourWithThree() {
    byte[] colour = ImageCodec.encodeJpeg(noise(16, 16, 3), 95);
    byte[] grey = ImageCodec.encodeJpeg(ramp(16, 24), 95);
    assertThat(ImageCodec.header(colour, "x").channels()).isEqualTo(3);
    assertThat(ImageCodec.header(grey, "x"))
        .isEqualTo(new ImageCodec.Header("jpeg", 16, 24, 1, true));
    assertThat(ImageCodec.decode(grey, "x").isGrey()).isTrue();
  }

  @Test
  void losesLittleWhenEncodingAtHighQuality() {
    RgbImage image = ramp(64, 64);
    RgbImage again = ImageCodec.decode(ImageCodec.encodeJpeg(image, 95), "x");
    for (int y = 0; y < 64; y++) {
      for (int x = 0; x < 64; x++) {
        assertThat(Math.abs(again.at(y, x, 0) - image.at(y, x, 0))).isLessThanOrEqualTo(3);
      }
    }
  }

  /** A PNG that consists of its header and a few bytes of pixels. */
  private static byte[] pngHeader(int width, int height) {
    ByteBuffer png = ByteBuffer.allocate(200);
    png.putLong(0x89504e470d0a1a0aL);
    byte[] header =
        ByteBuffer.allocate(13)
            .putInt(width)
            .putInt(height)
            .put(new byte[] {8, 0, 0, 0, 0})
            .array();
    chunk(png, "IHDR", header);
    chunk(png, "IDAT", new byte[] {0x78, (byte) 0x9c, 0x03, 0, 0, 0, 0, 1});
    chunk(png, "IEND", new byte[0]);
    return Arrays.copyOf(png.array(), png.position());
  }

  private static void chunk(ByteBuffer png, String type, byte[] data) {
    CRC32 crc = new CRC32();
    crc.update(type.getBytes(StandardCharsets.US_ASCII));
    crc.update(data);
    png.putInt(data.length)
        .put(type.getBytes(StandardCharsets.US_ASCII))
        .put(data)
        .putInt((int) crc.getValue());
  }

  private static RgbImage noise(int height, int width, long seed) {
    byte[] pixels = new byte[height * width * 3];
    new Random(seed).nextBytes(pixels);
    return RgbImage.of(height, width, pixels);
  }

  private static RgbImage ramp(int height, int width) {
    byte[] pixels = new byte[height * width * 3];
    for (int i = 0; i < pixels.length; i++) {
      int pixel = i / 3;
      pixels[i] = (byte) (pixel / width + 2 * (pixel % width));
    }
    return RgbImage.of(height, width, pixels);
  }

  @Test
  void ignoresAColourProfileAsTensorFlowDoes() throws IOException {
    byte[] pixels = new byte[16 * 16 * 3];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) (i * 7);
    }
    byte[] plain = ImageCodec.encodeJpeg(RgbImage.of(16, 16, pixels), 95);
    byte[] profile = ICC_Profile.getInstance(ColorSpace.CS_LINEAR_RGB).getData();
    ByteArrayOutputStream tagged = new ByteArrayOutputStream();
    tagged.write(plain, 0, 2);
    int length = 2 + 12 + 2 + profile.length;
    tagged.write(new byte[] {(byte) 0xff, (byte) 0xe2, (byte) (length >> 8), (byte) length});
    tagged.write("ICC_PROFILE\0".getBytes(StandardCharsets.US_ASCII));
    tagged.write(new byte[] {1, 1});
    tagged.write(profile);
    tagged.write(plain, 2, plain.length - 2);
    assertThat(ImageCodec.decode(tagged.toByteArray(), "tagged"))
        .isEqualTo(ImageCodec.decode(plain, "plain"));
  }

  @Test
  void leavesTheCacheOfTheProcessAloneAndUsesNone(@TempDir Path folder) throws IOException {
    File before = ImageIO.getCacheDirectory();
    assertThat(ImageIO.getUseCache()).isTrue();
    ImageIO.setCacheDirectory(folder.toFile());
    try {
      RgbImage image = RgbImage.of(2, 2, new byte[12]);
      ImageCodec.decode(ImageCodec.encodePng(image), "png");
      ImageCodec.decode(ImageCodec.encodeJpeg(image, 90), "jpeg");
      assertThat(ImageIO.getUseCache()).isTrue();
      assertThat(folder).isEmptyDirectory();
    } finally {
      ImageIO.setCacheDirectory(before);
    }
  }

  /** At quality 50 the JDK writes the tables of the standard as they are (T.81, table K.1). */
  @Test
  void theFirstQuantizationTableTellsTheQuality() {
    RgbImage image = RgbImage.of(16, 16, new byte[16 * 16 * 3]);
    int standard = Arrays.stream(JPEGQTable.K1Luminance.getTable()).sum();
    assertThat(ImageCodec.jpegQuantization(ImageCodec.encodeJpeg(image, 50))).isEqualTo(standard);
    assertThat(ImageCodec.jpegQuantization(ImageCodec.encodeJpeg(image, 95)))
        .isBetween(64, standard / 5);
    byte[] cut = Arrays.copyOf(ImageCodec.encodeJpeg(image, 50), 60);
    assertThat(ImageCodec.jpegQuantization(cut)).isZero();
    assertThat(ImageCodec.jpegQuantization(ImageCodec.encodePng(image))).isZero();
  }
}
