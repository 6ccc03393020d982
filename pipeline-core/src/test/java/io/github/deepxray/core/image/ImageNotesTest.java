package io.github.deepxray.core.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import java.awt.geom.AffineTransform;
import java.awt.image.AffineTransformOp;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import java.util.TreeMap;
import java.util.zip.CRC32;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is said of images, and what of them is refused; ImageCasesTest has those of others. */
class ImageNotesTest {
  private static DecodedImage decode(byte[] bytes) {
    return ImageCodec.decode(bytes, "it", ImageLimits.DEFAULT, ImageFormats.all());
  }

  private static byte[] write(BufferedImage image, String format) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    assertThat(ImageIO.write(image, format, out)).isTrue();
    return out.toByteArray();
  }

  private static void refused(byte[] bytes, String words) {
    assertThatThrownBy(() -> decode(bytes))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageStartingWith("it ")
        .hasMessageContaining(words);
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
    exif.order(big ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
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

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 7, 8, 20})
  void aCutTagIsNoTag(int length) {
    byte[] exif = new byte[26];
    ByteBuffer.wrap(exif).putInt(0x4d4d002a).putInt(8).putShort((short) 1).putShort((short) 274);
    assertThat(Orientation.ofTiff(exif, 0, length)).isEqualTo(Orientation.UPRIGHT);
  }

  @Test
  void transparentPixelsAreRefused() throws IOException {
    BufferedImage image = new BufferedImage(8, 6, BufferedImage.TYPE_4BYTE_ABGR);
    for (int i = 0; i < 48; i++) {
      image.setRGB(i % 8, i / 8, 0xff000000 | (i * 0x050301));
    }
    DecodedImage opaque = decode(write(image, "png"));
    assertThat(opaque.notes()).isEmpty();
    assertThat(opaque.image().at(1, 2, 0)).isEqualTo((image.getRGB(2, 1) >> 16) & 0xff);
    image.setRGB(3, 3, 0x80ffffff);
    image.setRGB(4, 3, 0x00ffffff);
    refused(write(image, "png"), "2 of its pixels are transparent");
  }

  @Test
  void transparentColoursOfAPaletteAreRefused() throws IOException {
    byte[] levels = {0, 80, (byte) 200, (byte) 255};
    byte[] alpha = {(byte) 255, (byte) 255, (byte) 255, 0};
    IndexColorModel palette = new IndexColorModel(8, 4, levels, levels, levels, alpha);
    BufferedImage image = new BufferedImage(4, 4, BufferedImage.TYPE_BYTE_INDEXED, palette);
    image.getRaster().setSample(1, 1, 0, 2);
    assertThat(decode(write(image, "png")).image().at(1, 1, 1)).isEqualTo(200);
    image.getRaster().setSample(2, 1, 0, 3);
    refused(write(image, "png"), "1 of its pixels are transparent");
  }

  @ParameterizedTest
  @CsvSource({"32767, true", "32768, false", "4095, true", "65535, false"})
  void sixteenBitsOfWhichFewAreUsedAreNamed(int brightest, boolean dark) throws IOException {
    BufferedImage image = new BufferedImage(4, 4, BufferedImage.TYPE_USHORT_GRAY);
    image.getRaster().setSample(2, 2, 0, brightest);
    DecodedImage decoded = decode(write(image, "png"));
    assertThat(decoded.notes().contains(ImageNote.PART_OF_RANGE)).isEqualTo(dark);
    assertThat(decoded.image().at(2, 2, 0)).isEqualTo(brightest >> 8);
    assertThat(decoded.remarks("x")).hasSize(dark ? 1 : 0).allMatch(line -> line.endsWith("dark."));
  }

  @Test
  void theLargestPageIsRead() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageWriter writer = ImageIO.getImageWritersByFormatName("tiff").next();
    try (MemoryCacheImageOutputStream stream = new MemoryCacheImageOutputStream(out)) {
      writer.setOutput(stream);
      writer.prepareWriteSequence(null);
      for (int size : new int[] {5, 9, 7, 9}) {
        BufferedImage page = new BufferedImage(size, size, BufferedImage.TYPE_BYTE_GRAY);
        page.getRaster().setSample(size - 1, 0, 0, 100 + size + out.size() % 2);
        writer.writeToSequence(new IIOImage(page, null, null), null);
      }
      writer.endWriteSequence();
    } finally {
      writer.dispose();
    }
    DecodedImage decoded = decode(out.toByteArray());
    assertThat(decoded.notes()).containsExactly(ImageNote.PAGES);
    assertThat(decoded.image().width()).isEqualTo(9);
    assertThat(decoded.image().at(0, 8, 0)).isBetween(109, 110);
    assertThat(ImageCodec.header(out.toByteArray(), "it").width()).isEqualTo(9);
  }

  /** The place of a frame header. */
  private static int frame(byte[] jpeg) {
    for (int i = 2; i < jpeg.length; i++) {
      if (jpeg[i] == (byte) 0xff && jpeg[i + 1] == (byte) 0xc0) {
        return i;
      }
    }
    throw new AssertionError("no frame header");
  }

  @Test
  void whatJdksDecodeDifferentlyIsRefused() {
    byte[] pixels = new byte[16 * 16 * 3];
    new Random(2).nextBytes(pixels);
    byte[] jpeg = ImageCodec.encodeJpeg(RgbImage.of(16, 16, pixels), 90);
    int frame = frame(jpeg);
    assertThat(jpeg[frame + 11]).isEqualTo((byte) 0x22);
    byte[] halved = jpeg.clone();
    halved[frame + 11] = 0x12;
    refused(halved, "4:4:0");
    byte[] arithmetic = jpeg.clone();
    arithmetic[frame + 1] = (byte) 0xc9;
    refused(arithmetic, "arithmetic");
  }

  @Test
  void fillerBeforeTheEndIsNoDamage() {
    byte[] pixels = new byte[16 * 16 * 3];
    new Random(2).nextBytes(pixels);
    byte[] jpeg = ImageCodec.encodeJpeg(RgbImage.of(16, 16, pixels), 90);
    byte[] filled = Arrays.copyOf(jpeg, jpeg.length + 16);
    Arrays.fill(filled, jpeg.length - 2, filled.length, (byte) 0);
    filled[filled.length - 2] = (byte) 0xff;
    filled[filled.length - 1] = (byte) 0xd9;
    assertThat(decode(filled).image()).isEqualTo(decode(jpeg).image());
  }

  /** Two million segments that say nothing. */
  @Test
  void segmentsThatSayNothingAreNotKept() {
    byte[] jpeg = new byte[8 << 20];
    jpeg[0] = (byte) 0xff;
    jpeg[1] = (byte) 0xd8;
    for (int i = 2; i + 4 <= jpeg.length; i += 4) {
      ByteBuffer.wrap(jpeg).putInt(i, 0xffe50002);
    }
    assertThat(JpegMarkers.of(jpeg).forDecoder()).isSameAs(jpeg);
    assertThat(JpegMarkers.of(jpeg).components()).isZero();
  }

  /** A TIFF of one strip of 16 x 16 pixels, with further entries of type SHORT. */
  private static byte[] tiff(
      byte[] strip, int compression, int samples, int photometric, int... more) {
    int[] plain = {256, 16, 257, 16, 259, compression, 262, photometric, 277, samples, 278, 16};
    TreeMap<Integer, int[]> fields = new TreeMap<>();
    for (int i = 0; i < plain.length; i += 2) {
      fields.put(plain[i], new int[] {3, 1, plain[i + 1]});
    }
    for (int i = 0; i < more.length; i += 2) {
      fields.put(more[i], new int[] {3, 1, more[i + 1]});
    }
    int strips = 8 + 2 + 12 * (fields.size() + 4) + 4;
    int bits = strips + strip.length;
    fields.put(258, samples > 2 ? new int[] {3, samples, bits} : new int[] {3, samples, 0x80008});
    fields.put(273, new int[] {4, 1, strips});
    fields.put(279, new int[] {4, 1, strip.length});
    fields.put(284, new int[] {3, 1, 1});
    ByteBuffer out = ByteBuffer.allocate(bits + 8).order(ByteOrder.LITTLE_ENDIAN);
    out.put((byte) 'I').put((byte) 'I').putShort((short) 42).putInt(8);
    out.putShort((short) fields.size());
    fields.forEach(
        (tag, f) ->
            out.putShort((short) (int) tag).putShort((short) f[0]).putInt(f[1]).putInt(f[2]));
    return out.putInt(0).put(strip).putLong(0x8000800080008L).array();
  }

  @Test
  void aTiffIsTurnedUprightToo() {
    byte[] strip = new byte[256];
    strip[3] = 100;
    assertThat(decode(tiff(strip, 1, 1, 1)).image().at(0, 3, 0)).isEqualTo(100);
    DecodedImage turned = decode(tiff(strip, 1, 1, 1, 274, 6));
    assertThat(turned.notes()).containsExactly(ImageNote.TURNED);
    assertThat(turned.image().at(3, 15, 0)).isEqualTo(100);
    assertThat(ImageCodec.header(tiff(strip, 1, 1, 1, 274, 6), "it").stored()).isFalse();
  }

  @Test
  void aFurtherSampleOfATiffIsAlphaOnlyIfItSaysSo() {
    byte[] strip = new byte[512];
    Arrays.fill(strip, (byte) 50);
    assertThat(decode(tiff(strip, 1, 2, 1, 338, 0)).image().at(5, 5, 0)).isEqualTo(50);
    refused(tiff(strip, 1, 2, 1, 338, 2), "of its pixels are transparent");
  }

  @Test
  void whatJdksDecodeDifferentlyIsRefusedInATiffToo() {
    byte[] pixels = new byte[16 * 16 * 3];
    new Random(2).nextBytes(pixels);
    byte[] jpeg = ImageCodec.encodeJpeg(RgbImage.of(16, 16, pixels), 90);
    jpeg[frame(jpeg) + 11] = 0x12;
    refused(tiff(jpeg, 7, 3, 6), "4:4:0");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "524946461000000057454250565038 | a WebP image",
        "474946383961                   | a GIF image",
        "49492b00                       | a BigTIFF image",
        "0000000c6a5020200d0a870a       | a JPEG 2000 image",
        "ff0a0102                       | a JPEG XL image",
        "0000001c6674797068656963       | a HEIF or AVIF image",
        "255044462d312e                 | a PDF document",
        "504b03040000                   | a zip archive",
        "1f8b0800                       | a gzip file",
      })
  void otherFilesAreNamed(String hex, String words) {
    refused(Arrays.copyOf(HexFormat.of().parseHex(hex), 200), "it is " + words);
  }

  @Test
  void textsAndDicomAreNamed() {
    refused(
        "version https://git-lfs.github.com/spec/v1\noid".getBytes(StandardCharsets.UTF_8), "lfs");
    refused(" <!DOCTYPE html><p>404".getBytes(StandardCharsets.UTF_8), "a page of HTML");
    byte[] dicom = new byte[200];
    System.arraycopy("DICM".getBytes(StandardCharsets.US_ASCII), 0, dicom, 128, 4);
    refused(dicom, "a DICOM file");
    refused(new byte[200], "is none of JPEG, PNG, BMP, TIFF");
  }
}
