package io.github.deepxray.core.image;

import io.github.deepxray.core.DeepXrayException;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.IndexColorModel;
import java.awt.image.PixelInterleavedSampleModel;
import java.awt.image.Raster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * Decodes JPEG, PNG, BMP and TIFF to 8-bit RGB and encodes JPEG and PNG.
 *
 * <p>JPEG comes out as from TensorFlow's {@code DecodeJpeg} with {@code dct_method =
 * "INTEGER_ACCURATE"}. Grey images are repeated in the three channels, of 16-bit images the high
 * byte is kept and colour profiles are ignored, as TensorFlow does. CMYK becomes RGB by taking the
 * inks off white. Unlike there, images are turned upright as an orientation tag says, and refused
 * is what would be decoded to something else than is meant, or to other pixels on another JDK:
 * damaged data, transparent pixels, samples of unknown range, arithmetic coding and 4:4:0 in JPEG.
 */
public final class ImageCodec {
  /** More pages than anybody means. */
  private static final int MOST_PAGES = 64;

  /** What libjpeg's and the JDK's warnings of damaged data say; filler before the end is none. */
  private static final Pattern DAMAGE =
      Pattern.compile(
          "corrupt(?!.*extraneous bytes before marker 0xd9)|premature end|missing eoi"
              + "|inconsistent progression");

  private static final Set<ImageFormat> ALL = EnumSet.allOf(ImageFormat.class);

  private ImageCodec() {}

  /**
   * What the first bytes of an image say about it.
   *
   * @param format {@code jpeg}, {@code png}, {@code bmp} or {@code tiff}
   * @param height in pixels
   * @param width in pixels
   * @param channels 1 grey, 2 grey with alpha, 3 colour, 4 colour with alpha or CMYK; a palette
   *     counts as what it holds
   * @param stored whether the pixels lie as they are meant to be seen; height and width are those
   *     of the upright image in any case
   */
  public record Header(String format, int height, int width, int channels, boolean stored) {}

  /**
   * Reads the header alone; nothing is decoded.
   *
   * @param source where the bytes come from, for the message
   * @throws DeepXrayException if this is no image of one of the formats
   */
  public static Header header(byte[] bytes, String source) {
    return withReader(
        bytes,
        source,
        ALL,
        (reader, format, markers) -> {
          int page = Pages.of(reader, format).largest();
          int orientation = orientation(reader, format, markers, bytes, page);
          boolean sideways = Orientation.isSideways(orientation);
          int height = reader.getHeight(page);
          int width = reader.getWidth(page);
          return new Header(
              format.key(),
              sideways ? width : height,
              sideways ? height : width,
              markers.components() == 4 ? 4 : channels(reader, page),
              orientation == Orientation.UPRIGHT);
        });
  }

  /**
   * Decodes an image within {@link ImageLimits#DEFAULT}.
   *
   * @param source where the bytes come from, for the message
   * @throws DeepXrayException if it cannot be decoded or is too large
   */
  public static RgbImage decode(byte[] bytes, String source) {
    return decode(bytes, source, ImageLimits.DEFAULT);
  }

  /**
   * Decodes an image.
   *
   * @param source where the bytes come from, for the message
   * @param limits how large it may be; what is larger is refused before any is decoded
   * @throws DeepXrayException if it cannot be decoded or is too large
   */
  public static RgbImage decode(byte[] bytes, String source, ImageLimits limits) {
    return read(bytes, source, limits).image();
  }

  /**
   * Decodes an image and says what users should know about how.
   *
   * @param source where the bytes come from, for the message
   * @param limits how large it may be; what is larger is refused before any is decoded
   * @throws DeepXrayException if it cannot be decoded or is too large
   */
  public static DecodedImage read(byte[] bytes, String source, ImageLimits limits) {
    return decode(bytes, source, limits, ALL);
  }

  /**
   * Decodes an image of one of these formats.
   *
   * @param source where the bytes come from, for the message
   * @param limits how large it may be; what is larger is refused before any is decoded
   * @param formats what is read; who takes images from strangers should allow few
   * @throws DeepXrayException if it cannot be decoded, is too large or of another format
   */
  public static DecodedImage decode(
      byte[] bytes, String source, ImageLimits limits, Set<ImageFormat> formats) {
    return withReader(
        bytes,
        source,
        formats,
        (reader, format, markers) -> {
          boolean tiff = format == ImageFormat.TIFF;
          boolean fourComponents = markers.components() == 4;
          Set<ImageNote> notes = EnumSet.noneOf(ImageNote.class);
          Pages pages = Pages.of(reader, format);
          int page = pages.largest();
          int bits = fourComponents ? 32 : bits(reader, page);
          refuseWhatIsTooLarge(reader, page, bytes, bits, limits, source);
          markers.refuseWhatDiffers();
          if (pages.count() > 1) {
            notes.add(ImageNote.PAGES);
          }
          int orientation = orientation(reader, format, markers, bytes, page);
          if (orientation != Orientation.UPRIGHT) {
            notes.add(ImageNote.TURNED);
          }
          List<String> warnings = new ArrayList<>();
          reader.addIIOReadWarningListener((r, warning) -> warnings.add(warning));
          RgbImage image;
          if (fourComponents) {
            Raster raster = reader.readRaster(page, reader.getDefaultReadParam());
            refuseDamaged(warnings);
            image = Cmyk.of(markers).toRgb(raster);
          } else {
            BufferedImage read = reader.read(page);
            refuseDamaged(warnings);
            if (read.getColorModel().hasAlpha() && (!tiff || TiffStrips.hasAlpha(reader, page))) {
              refuseTransparent(read.getColorModel(), read.getRaster());
            }
            image = toRgb(read, notes);
          }
          return new DecodedImage(Orientation.upright(image, orientation), notes);
        });
  }

  /**
   * The pages of a file.
   *
   * @param count how many there are, up to {@link #MOST_PAGES}
   * @param largest the one with the most pixels: the first may be a thumbnail
   */
  private record Pages(int count, int largest) {
    static Pages of(ImageReader reader, ImageFormat format) throws IOException {
      long most = (long) reader.getHeight(0) * reader.getWidth(0);
      int count = 1;
      int largest = 0;
      try {
        while (format == ImageFormat.TIFF && count < MOST_PAGES) {
          long pixels = (long) reader.getHeight(count) * reader.getWidth(count);
          largest = pixels > most ? count : largest;
          most = Math.max(most, pixels);
          count++;
        }
      } catch (IndexOutOfBoundsException | IOException e) {
        // There are no more, or what should lead to one leads nowhere.
      }
      return new Pages(count, largest);
    }
  }

  private static int orientation(
      ImageReader reader, ImageFormat format, JpegMarkers markers, byte[] bytes, int page)
      throws IOException {
    return switch (format) {
      case JPEG -> markers.orientation();
      case PNG -> Orientation.ofPng(bytes);
      case TIFF -> TiffStrips.orientation(reader, page);
      case BMP -> Orientation.UPRIGHT;
    };
  }

  /**
   * Encodes as baseline JPEG; an image without colour is stored with one channel.
   *
   * @param quality 1..100
   */
  public static byte[] encodeJpeg(RgbImage image, int quality) {
    return encode(
        image,
        "jpeg",
        parameters -> {
          parameters.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
          parameters.setCompressionQuality(quality / 100f);
        });
  }

  /** Encodes as PNG; an image without colour is stored with one channel. */
  public static byte[] encodePng(RgbImage image) {
    return encode(image, "png", parameters -> {});
  }

  /** In memory: {@link ImageIO} would write to a temporary file first. */
  private static byte[] encode(RgbImage image, String format, Consumer<ImageWriteParam> options) {
    ImageWriter writer = ImageIO.getImageWritersByFormatName(format).next();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
      ImageWriteParam parameters = writer.getDefaultWriteParam();
      options.accept(parameters);
      writer.setOutput(out);
      writer.write(null, new IIOImage(toBuffered(image), null, null), parameters);
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory cannot fail", e);
    } finally {
      writer.dispose();
    }
    return bytes.toByteArray();
  }

  private static BufferedImage toBuffered(RgbImage image) {
    boolean grey = image.isGrey();
    BufferedImage buffered =
        new BufferedImage(
            image.width(),
            image.height(),
            grey ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_3BYTE_BGR);
    byte[] target = ((DataBufferByte) buffered.getRaster().getDataBuffer()).getData();
    byte[] source = image.pixels();
    if (grey) {
      for (int i = 0; i < target.length; i++) {
        target[i] = source[i * 3];
      }
    } else {
      for (int i = 0; i < target.length; i += 3) {
        target[i] = source[i + 2];
        target[i + 1] = source[i + 1];
        target[i + 2] = source[i];
      }
    }
    return buffered;
  }

  @FunctionalInterface
  private interface Use<T> {
    T apply(ImageReader reader, ImageFormat format, JpegMarkers markers) throws IOException;
  }

  private static Optional<ImageFormat> format(ImageReader reader) throws IOException {
    return ImageFormat.ofExtension(reader.getFormatName());
  }

  private static <T> T withReader(
      byte[] bytes, String source, Set<ImageFormat> formats, Use<T> use) {
    JpegMarkers markers = JpegMarkers.of(bytes);
    try (ImageInputStream in = new ByteArrayStream(markers.forDecoder())) {
      Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
      while (readers.hasNext()) {
        ImageReader reader = readers.next();
        try {
          Optional<ImageFormat> format = format(reader).filter(formats::contains);
          if (format.isPresent()) {
            // The pages of TIFF are looked at before one is read, and tell how they lie.
            boolean single = format.get() != ImageFormat.TIFF;
            reader.setInput(in, single, single);
            return use.apply(reader, format.get(), markers);
          }
        } finally {
          reader.dispose();
        }
      }
      throw new DeepXrayException(
          source
              + (bytes.length == 0
                  ? " is empty; give a chest X-ray as .jpeg or .png."
                  : ForeignFile.describe(bytes)
                      .map(what -> " is " + what + ".")
                      .orElse(isNone(formats) + "; give a chest X-ray as .jpeg or .png.")));
    } catch (IOException e) {
      throw damaged(source, e);
    } catch (DeepXrayException e) {
      throw e;
    } catch (RuntimeException e) {
      // The JDK's readers answer damaged data with all kinds of unchecked exceptions.
      throw damaged(source, e);
    } catch (OutOfMemoryError e) {
      // A damaged TIFF may announce any length for a strip, which its reader believes.
      throw new DeepXrayException(
          source + " takes more memory than Java has; give it more with -Xmx.", e);
    }
  }

  private static String isNone(Set<ImageFormat> formats) {
    List<String> names = formats.stream().sorted().map(ImageFormat::name).toList();
    return names.size() == 2
        ? " is neither " + names.get(0) + " nor " + names.get(1)
        : names.stream().collect(Collectors.joining(", ", " is none of ", ""));
  }

  private static void refuseWhatIsTooLarge(
      ImageReader reader, int page, byte[] bytes, int bits, ImageLimits limits, String source)
      throws IOException {
    int height = reader.getHeight(page);
    int width = reader.getWidth(page);
    Optional<String> objection = limits.objection(height, width);
    if (objection.isPresent()) {
      throw new DeepXrayException(source + ": the image announces " + objection.get() + ".");
    }
    long pixels = (long) height * width;
    int scans = JpegOutline.of(bytes).scans();
    if (scans > limits.scans(pixels)) {
      throw new DeepXrayException(
          source
              + ": the JPEG has "
              + scans
              + " scans, more than the "
              + limits.scans(pixels)
              + " allowed for "
              + width
              + " x "
              + height
              + " pixels; save it anew.");
    }
    if (format(reader).orElseThrow() == ImageFormat.TIFF) {
      TiffStrips.check(reader, page, bytes, limits);
    }
    refuseWhatMemoryCannotHold(
        pixels, bits, scans, source + ": decoding its " + width + " x " + height);
  }

  /** Better one image refused than a process that dies of it with all others undone. */
  private static void refuseWhatMemoryCannotHold(long pixels, int bits, int scans, String what) {
    // The decoder's raster and the RGB copy of it; with several scans all coefficients, too.
    long samples = bits / 8;
    long need = pixels * (samples + 3L + (scans > 1 ? samples * Short.BYTES : 0));
    long limit = Runtime.getRuntime().maxMemory() / 2;
    if (need > limit) {
      throw new DeepXrayException(
          what
              + " pixels takes "
              + (need >> 20)
              + " MiB, more than half of the "
              + ((2 * limit) >> 20)
              + " MiB of memory; give Java more with -Xmx.");
    }
  }

  private static int bits(ImageReader reader, int page) throws IOException {
    var types = reader.getImageTypes(page);
    if (!types.hasNext()) {
      throw new IOException("its colours are of an unsupported kind");
    }
    return types.next().getColorModel().getPixelSize();
  }

  /**
   * The JDK's reader fills what is missing or damaged of a JPEG with grey or noise and only warns.
   * Such an image must not be trained on or decided about.
   */
  private static void refuseDamaged(List<String> warnings) throws IOException {
    for (String warning : warnings) {
      String text = warning.toLowerCase(Locale.ROOT);
      if (DAMAGE.matcher(text).find()) {
        throw new IOException("it is cut off or damaged (" + warning + ")");
      }
    }
  }

  private static DeepXrayException damaged(String source, Exception e) {
    String why = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    return new DeepXrayException(source + " cannot be decoded: " + why + ".", e);
  }

  private static int channels(ImageReader reader, int page) throws IOException {
    var types = reader.getImageTypes(page);
    if (!types.hasNext()) {
      throw new IOException("its colours are of an unsupported kind");
    }
    var raw = reader.getRawImageType(page);
    ColorModel model = (raw == null ? types.next() : raw).getColorModel();
    if (model instanceof IndexColorModel palette) {
      int colors = isGrey(palette) ? 1 : 3;
      return palette.hasAlpha() ? colors + 1 : colors;
    }
    return model.getNumComponents();
  }

  /** The JDK makes a palette of grey PNG with less than 8 bits. */
  private static boolean isGrey(IndexColorModel palette) {
    for (int i = 0; i < palette.getMapSize(); i++) {
      if (palette.getRed(i) != palette.getGreen(i) || palette.getRed(i) != palette.getBlue(i)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Refuses an image with transparent pixels: what is seen there depends on the background, and
   * nothing tells which is meant.
   */
  private static void refuseTransparent(ColorModel model, Raster raster) throws IOException {
    int width = raster.getWidth();
    long transparent = 0;
    int[] line = new int[width];
    IndexColorModel palette = model instanceof IndexColorModel index ? index : null;
    int band = palette == null ? raster.getNumBands() - 1 : 0;
    int opaque = (1 << Math.min(raster.getSampleModel().getSampleSize(band), 30)) - 1;
    for (int y = 0; y < raster.getHeight(); y++) {
      raster.getSamples(0, y, width, 1, band, line);
      for (int alpha : line) {
        boolean shows = palette == null ? alpha == opaque : palette.getAlpha(alpha) == 255;
        transparent += shows ? 0 : 1;
      }
    }
    if (transparent > 0) {
      throw new IOException(
          transparent
              + " of its pixels are transparent, which look as the background does; save it without"
              + " an alpha channel");
    }
  }

  private static RgbImage toRgb(BufferedImage image, Set<ImageNote> notes) throws IOException {
    int height = image.getHeight();
    int width = image.getWidth();
    byte[] pixels = new byte[Math.multiplyExact(Math.multiplyExact(height, width), 3)];
    Raster raster = image.getRaster();
    ColorModel model = image.getColorModel();
    if (model instanceof IndexColorModel palette) {
      int[] line = new int[width];
      for (int y = 0, o = 0; y < height; y++) {
        raster.getSamples(0, y, width, 1, 0, line);
        for (int x = 0; x < width; x++) {
          pixels[o++] = (byte) palette.getRed(line[x]);
          pixels[o++] = (byte) palette.getGreen(line[x]);
          pixels[o++] = (byte) palette.getBlue(line[x]);
        }
      }
      return RgbImage.wrap(height, width, pixels);
    }
    // The samples are read as stored: getRGB() would pass grey through a gamma curve.
    int type = model.getColorSpace().getType();
    int dataType = raster.getDataBuffer().getDataType();
    if (dataType == DataBuffer.TYPE_SHORT
        || dataType == DataBuffer.TYPE_FLOAT
        || dataType == DataBuffer.TYPE_DOUBLE) {
      throw new IOException("its samples are signed or fractions, whose range nothing tells");
    } else if (type == ColorSpace.TYPE_CMYK) {
      copyInks(raster, pixels);
      return RgbImage.wrap(height, width, pixels);
    }
    int colors = type == ColorSpace.TYPE_GRAY ? 1 : 3;
    if (type != ColorSpace.TYPE_GRAY && type != ColorSpace.TYPE_RGB) {
      throw new IOException("its colour space is none of grey, RGB and CMYK");
    }
    int[] bits = raster.getSampleModel().getSampleSize();
    if (Arrays.stream(bits).allMatch(b -> b == 8)
        && raster.getSampleModel() instanceof PixelInterleavedSampleModel layout
        && raster.getDataBuffer() instanceof DataBufferByte buffer) {
      copyBytes(layout, buffer.getData(), colors, pixels, height, width);
    } else {
      int most = copySamples(raster, colors, bits, pixels);
      if (bits[0] == Short.SIZE && most < 1 << (Short.SIZE - 1)) {
        notes.add(ImageNote.PART_OF_RANGE);
      }
    }
    return RgbImage.wrap(height, width, pixels);
  }

  /** The common case, many times faster than {@link #copySamples}. */
  private static void copyBytes(
      PixelInterleavedSampleModel layout,
      byte[] data,
      int colors,
      byte[] pixels,
      int height,
      int width) {
    int[] offsets = layout.getBandOffsets();
    int red = offsets[0];
    int green = offsets[colors == 1 ? 0 : 1];
    int blue = offsets[colors == 1 ? 0 : 2];
    int step = layout.getPixelStride();
    for (int y = 0, o = 0; y < height; y++) {
      int i = y * layout.getScanlineStride();
      for (int x = 0; x < width; x++, i += step) {
        pixels[o++] = data[i + red];
        pixels[o++] = data[i + green];
        pixels[o++] = data[i + blue];
      }
    }
  }

  /** Only TIFF comes here: the first four bands are inks, 0 none. */
  private static void copyInks(Raster raster, byte[] pixels) {
    int width = raster.getWidth();
    int bands = raster.getNumBands();
    int bits = raster.getSampleModel().getSampleSize(0);
    int[] line = new int[width * bands];
    for (int y = 0, o = 0; y < raster.getHeight(); y++) {
      raster.getPixels(0, y, width, 1, line);
      for (int x = 0; x < width; x++) {
        int light = 255 - (toByte(line[x * bands + 3], bits) & 0xff);
        for (int c = 0; c < 3; c++) {
          pixels[o++] = (byte) (light * (255 - (toByte(line[x * bands + c], bits) & 0xff)) / 255);
        }
      }
    }
  }

  /** Gives the greatest sample. */
  private static int copySamples(Raster raster, int colors, int[] bits, byte[] pixels) {
    int most = 0;
    int width = raster.getWidth();
    int bands = raster.getNumBands();
    int[] line = new int[width * bands];
    for (int y = 0, o = 0; y < raster.getHeight(); y++) {
      raster.getPixels(0, y, width, 1, line);
      for (int x = 0; x < width; x++) {
        for (int c = 0; c < 3; c++) {
          int band = colors == 1 ? 0 : c;
          most = Math.max(most, line[x * bands + band]);
          pixels[o++] = toByte(line[x * bands + band], bits[band]);
        }
      }
    }
    return most;
  }

  private static byte toByte(int sample, int bits) {
    if (bits > 8) {
      return (byte) (sample >> (bits - 8));
    }
    // 1, 2 and 4 bits: spread over 0..255.
    return (byte) (sample * 255 / ((1 << bits) - 1));
  }
}
