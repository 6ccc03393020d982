package io.github.deepxray.core.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An image format of another library, which a service file names. */
class GuestImageFormatTest {
  @TempDir private static Path folder;

  private final ClassLoader before = Thread.currentThread().getContextClassLoader();
  private URLClassLoader loader;

  /** Two digits for height and width, then a digit for each grey pixel. */
  public static final class Digits implements ImageFormat {
    /** Called by the service loader. */
    public Digits() {}

    @Override
    public String name() {
      return "digits";
    }

    @Override
    public List<String> extensions() {
      return List.of("dgt");
    }

    @Override
    public boolean matches(byte[] bytes) {
      return bytes.length > 1 && bytes[0] >= '1' && bytes[0] <= '9';
    }

    @Override
    public ImageCodec.Header header(byte[] bytes, String source) {
      return new ImageCodec.Header(name(), bytes[0] - '0', bytes[1] - '0', 1, true);
    }

    @Override
    public DecodedImage decode(byte[] bytes, String source, ImageLimits limits) throws IOException {
      ImageCodec.Header header = header(bytes, source);
      limits.check(header.height(), header.width(), source);
      byte[] pixels = new byte[header.height() * header.width() * 3];
      if (bytes.length == 3) {
        throw new IOException("it is cut off");
      }
      for (int i = 0; i < pixels.length; i++) {
        pixels[i] = (byte) (bytes[2 + i / 3] - '0');
      }
      return new DecodedImage(
          RgbImage.of(header.height(), header.width(), pixels), java.util.Set.of());
    }
  }

  @BeforeEach
  void offer() throws IOException {
    Path services = Files.createDirectories(folder.resolve("META-INF/services"));
    Files.writeString(
        services.resolve(ImageFormat.class.getName()),
        "io.github.deepxray.Missing\n"
            + "java.lang.String\n"
            + Digits.class.getName()
            + "\n"
            + JdkImageFormat.Png.class.getName()
            + "\n");
    loader = new URLClassLoader(new URL[] {folder.toUri().toURL()}, before);
    Thread.currentThread().setContextClassLoader(loader);
  }

  @AfterEach
  void close() throws IOException {
    Thread.currentThread().setContextClassLoader(before);
    loader.close();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  @Test
  void isFoundBesideDamagedOnesAfterTheBuiltInFormats() {
    assertThat(ImageFormats.titles()).isEqualTo("JPEG, PNG, BMP, TIFF and DIGITS");
    assertThat(ImageFormats.isImageName("a/b.DGT")).isTrue();
    assertThat(ImageFormats.extensions()).endsWith("tiff", "dgt");
    Thread.currentThread().setContextClassLoader(before);
    assertThat(ImageFormats.titles()).isEqualTo("JPEG, PNG, BMP and TIFF");
    assertThat(ImageFormats.isImageName("a/b.dgt")).isFalse();
  }

  @Test
  void isDecodedAsTheOthersAre() {
    assertThat(ImageCodec.header(bytes("12"), "x"))
        .isEqualTo(new ImageCodec.Header("digits", 1, 2, 1, true));
    assertThat(ImageCodec.decode(bytes("1279"), "x"))
        .isEqualTo(RgbImage.of(1, 2, new byte[] {7, 7, 7, 9, 9, 9}));
  }

  @Test
  void failsInOneLine() {
    refused("127", "x.dgt cannot be decoded: it is cut off.");
    refused("1279".substring(0, 2), "x.dgt cannot be decoded: Index 2 out of bounds for length 2.");
    refused("no", "x.dgt is none of JPEG, PNG, BMP, TIFF, DIGITS");
    assertThatThrownBy(
            () -> ImageCodec.decode(bytes("1912345678"), "x.dgt", new ImageLimits(4, 2, 2, 1)))
        .isInstanceOf(DeepXrayException.class)
        .hasMessage("x.dgt: the image announces 9 x 1 pixels, more than the 4 allowed.");
  }

  @Test
  void isServedOnlyIfItSaysSo() {
    assertThat(ImageFormats.served()).extracting(ImageFormat::name).containsExactly("jpeg", "png");
  }

  private static void refused(String text, String message) {
    assertThatThrownBy(() -> ImageCodec.decode(bytes(text), "x.dgt"))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageStartingWith(message)
        .message()
        .hasLineCount(1);
  }
}
