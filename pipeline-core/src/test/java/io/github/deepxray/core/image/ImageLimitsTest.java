package io.github.deepxray.core.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.plugins.tiff.BaselineTIFFTagSet;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageLimitsTest {
  @ParameterizedTest
  @CsvSource({
    // The largest X-ray that is known of, and the other way round.
    "8572, 6304, ''",
    "6304, 8572, ''",
    "8000, 8000, ''",
    "8001, 8000, 8000 x 8001 pixels; more than the 64000000 allowed",
    "20000, 1000, ''",
    "20001, 3000, 3000 x 20001 pixels; more than the 20000 allowed one way",
    "1, 20, ''",
    "1, 21, 21 x 1 pixels; more than 20 times as long one way as the other",
    "210, 10, 10 x 210 pixels; more than 20 times as long one way as the other",
    "1, 64000000, 64000000 x 1 pixels; more than the 20000 allowed one way",
    "65535, 65535, 65535 x 65535 pixels; more than the 64000000 allowed",
  })
  void objectsToWhatNoXrayIs(int height, int width, String objection) {
    assertThat(ImageLimits.DEFAULT.objection(height, width).orElse(""))
        .isEqualTo(objection.replace(';', ','));
  }

  @Test
  void allowsTheMoreScansTheSmallerAnImageIs() {
    assertThat(ImageLimits.DEFAULT.scans(64_000_000)).isEqualTo(12);
    assertThat(ImageLimits.DEFAULT.scans(8572 * 6304)).isEqualTo(14);
    assertThat(ImageLimits.DEFAULT.scans(5200 * 5200)).isEqualTo(28);
    assertThat(ImageLimits.DEFAULT.scans(1)).isEqualTo(100);
    assertThat(ImageLimits.DEFAULT.withMaxPixels(10_000).scans(10_000)).isEqualTo(12);
  }

  @Test
  void aPngThatIsFarTooWideIsRefusedBeforeItIsDecoded() {
    assertThatThrownBy(() -> ImageCodec.decode(greyPng(1_000_000, 1), "wide.png"))
        .isInstanceOf(DeepXrayException.class)
        .hasMessage(
            "wide.png: the image announces 1000000 x 1 pixels, more than the 20000 allowed one"
                + " way.");
    assertThat(ImageCodec.decode(greyPng(200, 10), "x").width()).isEqualTo(200);
  }

  @Test
  void scansAreCountedHoweverTheirMarkersAreHidden() throws IOException {
    byte[] plain = jpeg(64, 48, ImageWriteParam.MODE_DEFAULT);
    int scans = JpegOutline.of(plain).scans();
    assertThat(scans).isBetween(6, 12);
    assertThat(JpegOutline.of(plain)).isEqualTo(new JpegOutline(scans, 48, 64));
    // Behind a marker without a length, whose two next bytes would be a length otherwise.
    ByteArrayOutputStream hidden = new ByteArrayOutputStream();
    hidden.write(plain, 0, 2);
    hidden.write(new byte[] {(byte) 0xff, 0x01});
    hidden.write(plain, 2, plain.length - 2);
    assertThat(JpegOutline.of(hidden.toByteArray()).scans()).isEqualTo(scans);
    // Behind an image that consists of tables alone.
    ByteArrayOutputStream tables = new ByteArrayOutputStream();
    tables.write(new byte[] {(byte) 0xff, (byte) 0xd8, (byte) 0xff, (byte) 0xd9});
    tables.write(plain);
    assertThat(JpegOutline.of(tables.toByteArray()).scans()).isEqualTo(scans);
    // What comes after the end is nobody's.
    ByteArrayOutputStream more = new ByteArrayOutputStream();
    more.write(plain);
    more.write(plain);
    assertThat(JpegOutline.of(more.toByteArray()).scans()).isEqualTo(scans);
    assertThat(JpegOutline.of(greyPng(2, 2))).isEqualTo(new JpegOutline(0, 0, 0));
  }

  @Test
  void aJpegMayHaveMoreScansTheSmallerItIs() throws IOException {
    byte[] progressive = jpeg(64, 48, ImageWriteParam.MODE_DEFAULT);
    int scans = JpegOutline.of(progressive).scans();
    ImageLimits few = new ImageLimits(64 * 48, 20_000, 20, scans - 1);
    assertThatThrownBy(() -> ImageCodec.decode(progressive, "x.jpeg", few))
        .isInstanceOf(DeepXrayException.class)
        .hasMessage(
            "x.jpeg: the JPEG has "
                + scans
                + " scans, more than the "
                + (scans - 1)
                + " allowed for 64 x 48 pixels; save it again.");
    assertThat(ImageCodec.decode(progressive, "x.jpeg", few.withMaxPixels(64 * 96)).height())
        .isEqualTo(48);
  }

  @Test
  void aChunkThatIsLongerThanTheFileTakesNoMemory() {
    byte[] png = greyPng(10, 10);
    // PLTE, whose length is made room for; and an unknown chunk.
    for (String type : new String[] {"PLTE", "teSt"}) {
      ByteBuffer spoilt = ByteBuffer.allocate(png.length + 8);
      spoilt.put(png, 0, 33).putInt(2_000_000_000).put(type.getBytes(StandardCharsets.US_ASCII));
      spoilt.put(png, 33, png.length - 33);
      long before = allocated();
      assertThatThrownBy(() -> ImageCodec.decode(spoilt.array(), "x.png"))
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining("x.png cannot be decoded");
      assertThat(allocated() - before).isLessThan(4 << 20);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"Deflate", "LZW", "PackBits", "JPEG"})
  void aTiffOfOrdinaryStripsOrTilesIsRead(String compression) throws IOException {
    byte[] strips = tiff(compression);
    assertThat(ImageCodec.decode(strips, "x.tiff").width()).isEqualTo(64);
    assertThat(ImageCodec.decode(tiled(compression, 32, 32), "x.tiff").width()).isEqualTo(64);
  }

  @Test
  void aTiffWhoseTilesAreFarLargerThanTheImageIsRefused() throws IOException {
    byte[] bytes = tiled("Deflate", 32, 32);
    assertThatCode(() -> ImageCodec.decode(bytes, "x.tiff")).doesNotThrowAnyException();
    set(bytes, BaselineTIFFTagSet.TAG_TILE_WIDTH, 30_000);
    set(bytes, BaselineTIFFTagSet.TAG_TILE_LENGTH, 30_000);
    long before = allocated();
    assertThatThrownBy(() -> ImageCodec.decode(bytes, "x.tiff"))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContainingAll("x.tiff", "tiles", "900000000");
    assertThat(allocated() - before).isLessThan(8 << 20);
  }

  @Test
  void aTiffWhoseTileSaysItIsLongerThanTheFileIsRefused() throws IOException {
    byte[] bytes = tiled("Deflate", 64, 48);
    set(bytes, BaselineTIFFTagSet.TAG_TILE_BYTE_COUNTS, 2_000_000_000);
    long before = allocated();
    assertThatThrownBy(() -> ImageCodec.decode(bytes, "x.tiff"))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("x.tiff");
    assertThat(allocated() - before).isLessThan(8 << 20);
  }

  @Test
  void aTiffOfSamplesForWhichATableWouldBeVastIsRefused() throws IOException {
    byte[] bytes = tiff("Deflate");
    // Three values do not fit into the field, which says where they are.
    int at = field(bytes, BaselineTIFFTagSet.TAG_BITS_PER_SAMPLE);
    ByteBuffer buffer = ordered(bytes);
    buffer.putShort(buffer.getInt(at + 8) + 2, (short) 29);
    long before = allocated();
    assertThatThrownBy(() -> ImageCodec.decode(bytes, "x.tiff"))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContainingAll("x.tiff", "29 bits");
    assertThat(allocated() - before).isLessThan(8 << 20);
  }

  @Test
  void aJpegInATiffIsNoLargerThanTheTiff() throws IOException {
    byte[] bytes = tiled("JPEG", 64, 48);
    int frame = 0;
    while ((bytes[frame] & 0xff) != 0xff || (bytes[frame + 1] & 0xff) != 0xc0) {
      frame++;
    }
    ByteBuffer.wrap(bytes).putShort(frame + 5, (short) 65_000).putShort(frame + 7, (short) 65_000);
    assertThatThrownBy(() -> ImageCodec.decode(bytes, "x.tiff"))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContainingAll("x.tiff", "more pixels than the image");
  }

  private static long allocated() {
    return ((com.sun.management.ThreadMXBean)
            java.lang.management.ManagementFactory.getThreadMXBean())
        .getThreadAllocatedBytes(Thread.currentThread().getId());
  }

  /** Gives a field of a TIFF a single value. */
  private static void set(byte[] tiff, int tag, int value) {
    int at = field(tiff, tag);
    ordered(tiff).putShort(at + 2, (short) 4).putInt(at + 4, 1).putInt(at + 8, value);
  }

  private static ByteBuffer ordered(byte[] tiff) {
    return ByteBuffer.wrap(tiff)
        .order(tiff[0] == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
  }

  /** Where the entry of a field is in the first directory. */
  private static int field(byte[] tiff, int tag) {
    ByteBuffer buffer = ordered(tiff);
    int directory = buffer.getInt(4);
    for (int i = 0; i < buffer.getShort(directory); i++) {
      int entry = directory + 2 + 12 * i;
      if ((buffer.getShort(entry) & 0xffff) == tag) {
        return entry;
      }
    }
    throw new AssertionError("no field " + tag);
  }

  private static BufferedImage picture() {
    BufferedImage image = new BufferedImage(64, 48, BufferedImage.TYPE_3BYTE_BGR);
    for (int i = 0; i < 64 * 48; i++) {
      image.setRGB(i % 64, i / 64, i * 7919);
    }
    return image;
  }

  private static byte[] tiff(String compression) throws IOException {
    ImageWriter writer = ImageIO.getImageWritersByFormatName("tiff").next();
    ImageWriteParam parameters = writer.getDefaultWriteParam();
    parameters.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
    parameters.setCompressionType(compression);
    return write(writer, picture(), parameters);
  }

  private static byte[] tiled(String compression, int width, int height) throws IOException {
    ImageWriter writer = ImageIO.getImageWritersByFormatName("tiff").next();
    ImageWriteParam parameters = writer.getDefaultWriteParam();
    parameters.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
    parameters.setCompressionType(compression);
    parameters.setTilingMode(ImageWriteParam.MODE_EXPLICIT);
    parameters.setTiling(width, height, 0, 0);
    return write(writer, picture(), parameters);
  }

  private static byte[] jpeg(int width, int height, int progressive) throws IOException {
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ImageWriteParam parameters = writer.getDefaultWriteParam();
    parameters.setProgressiveMode(progressive);
    return write(writer, picture().getSubimage(0, 0, width, height), parameters);
  }

  private static byte[] write(ImageWriter writer, BufferedImage image, ImageWriteParam parameters)
      throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
      writer.setOutput(out);
      writer.write(null, new IIOImage(image, null, null), parameters);
    } finally {
      writer.dispose();
    }
    return bytes.toByteArray();
  }

  /** A black PNG of one byte a pixel. */
  private static byte[] greyPng(int width, int height) {
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    try (DeflaterOutputStream out = new DeflaterOutputStream(data)) {
      out.write(new byte[(width + 1) * height]);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    ByteBuffer png = ByteBuffer.allocate(data.size() + 100);
    png.putLong(0x89504e470d0a1a0aL);
    byte[] header =
        ByteBuffer.allocate(13)
            .putInt(width)
            .putInt(height)
            .put(new byte[] {8, 0, 0, 0, 0})
            .array();
    chunk(png, "IHDR", header);
    chunk(png, "IDAT", data.toByteArray());
    chunk(png, "IEND", new byte[0]);
    byte[] bytes = new byte[png.position()];
    png.flip().get(bytes);
    return bytes;
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
}
