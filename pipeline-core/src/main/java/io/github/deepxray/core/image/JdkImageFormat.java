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
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.stream.ImageInputStream;

/** Image format decoded by the JDK's readers. */
public abstract class JdkImageFormat implements ImageFormat {
  /** Largest plausible number of pages. */
  private static final int MOST_PAGES = 64;

  /** Warnings of libjpeg and the JDK about damaged data; filler before the end is harmless. */
  private static final Pattern DAMAGE =
      Pattern.compile(
          "corrupt(?!.*extraneous bytes before marker 0xd9)|premature end|missing eoi"
              + "|inconsistent progression");

  private final String name;
  private final List<String> extensions;
  private final List<byte[]> signatures;
  private final boolean pages;
  private final boolean served;

  private JdkImageFormat(
      String name,
      List<String> extensions,
      List<byte[]> signatures,
      boolean pages,
      boolean served) {
    this.name = name;
    this.extensions = extensions;
    this.signatures = signatures;
    this.pages = pages;
    this.served = served;
  }

  /** JPEG, baseline and progressive: grey, colour, CMYK and YCCK. */
  public static final class Jpeg extends JdkImageFormat {
    /** Called by the service loader. */
    public Jpeg() {
      super(
          "jpeg",
          List.of("jpeg", "jpg", "jfif", "jpe"),
          List.of(new byte[] {(byte) 0xff, (byte) 0xd8}),
          false,
          true);
    }

    @Override
    int orientation(ImageReader reader, JpegMarkers markers, byte[] bytes, int page) {
      return markers.orientation();
    }
  }

  /** PNG with 1 to 16 bits. */
  public static final class Png extends JdkImageFormat {
    /** Called by the service loader. */
    public Png() {
      super(
          "png",
          List.of("png"),
          List.of(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'}),
          false,
          true);
    }

    @Override
    int orientation(ImageReader reader, JpegMarkers markers, byte[] bytes, int page) {
      return Orientation.ofPng(bytes);
    }
  }

  /** Windows bitmaps. */
  public static final class Bmp extends JdkImageFormat {
    /** Called by the service loader. */
    public Bmp() {
      super("bmp", List.of("bmp"), List.of(new byte[] {'B', 'M'}), false, false);
    }
  }

  /** TIFF; the largest page of several. The JDK's reader trusts its input. */
  public static final class Tiff extends JdkImageFormat {
    /** Called by the service loader. */
    public Tiff() {
      super(
          "tiff",
          List.of("tif", "tiff"),
          List.of(new byte[] {'I', 'I', 42, 0}, new byte[] {'M', 'M', 0, 42}),
          true,
          false);
    }

    @Override
    int orientation(ImageReader reader, JpegMarkers markers, byte[] bytes, int page)
        throws IOException {
      return TiffStrips.orientation(reader, page);
    }
  }

  /** Orientation tag of the file, 1 (upright) to 8. */
  int orientation(ImageReader reader, JpegMarkers markers, byte[] bytes, int page)
      throws IOException {
    return Orientation.UPRIGHT;
  }

  @Override
  public boolean isServed() {
    return served;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public List<String> extensions() {
    return extensions;
  }

  @Override
  public boolean matches(byte[] bytes) {
    return signatures.stream()
        .anyMatch(
            signature ->
                bytes.length >= signature.length
                    && Arrays.equals(bytes, 0, signature.length, signature, 0, signature.length));
  }

  @Override
  public String toString() {
    return title();
  }

  @Override
  public ImageCodec.Header header(byte[] bytes, String source) throws IOException {
    return withReader(
        bytes,
        (reader, markers) -> {
          int page = Pages.of(reader, pages).largest();
          int orientation = orientation(reader, markers, bytes, page);
          boolean sideways = Orientation.isSideways(orientation);
          int height = reader.getHeight(page);
          int width = reader.getWidth(page);
          return new ImageCodec.Header(
              name,
              sideways ? width : height,
              sideways ? height : width,
              markers.components() == 4 ? 4 : channels(reader, page),
              orientation == Orientation.UPRIGHT);
        });
  }

  @Override
  public DecodedImage decode(byte[] bytes, String source, ImageLimits limits) throws IOException {
    return withReader(
        bytes,
        (reader, markers) -> {
          boolean fourComponents = markers.components() == 4;
          Set<ImageNote> notes = EnumSet.noneOf(ImageNote.class);
          Pages found = Pages.of(reader, pages);
          int page = found.largest();
          int bits = fourComponents ? 32 : bits(reader, page);
          refuseWhatIsTooLarge(reader, page, bytes, bits, limits, source);
          markers.refuseWhatDiffers();
          if (found.count() > 1) {
            notes.add(ImageNote.PAGES);
          }
          int orientation = orientation(reader, markers, bytes, page);
          if (orientation != Orientation.UPRIGHT) {
            notes.add(ImageNote.TURNED);
          }
          RgbImage image = pixels(reader, page, markers, notes);
          return new DecodedImage(Orientation.upright(image, orientation), notes);
        });
  }

  private RgbImage pixels(ImageReader reader, int page, JpegMarkers markers, Set<ImageNote> notes)
      throws IOException {
    List<String> warnings = new ArrayList<>();
    reader.addIIOReadWarningListener((r, warning) -> warnings.add(warning));
    if (markers.components() == 4) {
      Raster raster = reader.readRaster(page, reader.getDefaultReadParam());
      refuseDamaged(warnings);
      return Cmyk.of(markers).toRgb(raster);
    }
    BufferedImage read = reader.read(page);
    refuseDamaged(warnings);
    if (read.getColorModel().hasAlpha() && (!pages || TiffStrips.hasAlpha(reader, page))) {
      refuseTransparent(read.getColorModel(), read.getRaster());
    }
    return toRgb(read, notes);
  }

  @FunctionalInterface
  private interface Use<T> {
    T apply(ImageReader reader, JpegMarkers markers) throws IOException;
  }

  private <T> T withReader(byte[] bytes, Use<T> use) throws IOException {
    JpegMarkers markers = JpegMarkers.of(bytes);
    try (ImageInputStream in = new ByteArrayStream(markers.forDecoder())) {
      Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
      while (readers.hasNext()) {
        ImageReader reader = readers.next();
        try {
          if (extensions.contains(reader.getFormatName().toLowerCase(Locale.ROOT))) {
            // All pages of TIFF are inspected, for their size and orientation, before one is
            // decoded.
            reader.setInput(in, !pages, !pages);
            return use.apply(reader, markers);
          }
        } finally {
          reader.dispose();
        }
      }
      throw new IOException("this Java has no reader for " + title());
    }
  }

  /**
   * Pages of a file.
   *
   * @param count the number of pages, up to {@link #MOST_PAGES}
   * @param largest the page with the most pixels: the first may be a thumbnail
   */
  private record Pages(int count, int largest) {
    static Pages of(ImageReader reader, boolean several) throws IOException {
      long most = (long) reader.getHeight(0) * reader.getWidth(0);
      int count = 1;
      int largest = 0;
      try {
        while (several && count < MOST_PAGES) {
          long pixels = (long) reader.getHeight(count) * reader.getWidth(count);
          largest = pixels > most ? count : largest;
          most = Math.max(most, pixels);
          count++;
        }
      } catch (IndexOutOfBoundsException | IOException e) {
        // There are no more pages, or the pointer to the next one is invalid.
      }
      return new Pages(count, largest);
    }
  }

  private void refuseWhatIsTooLarge(
      ImageReader reader, int page, byte[] bytes, int bits, ImageLimits limits, String source)
      throws IOException {
    int height = reader.getHeight(page);
    int width = reader.getWidth(page);
    limits.check(height, width, source);
    long pixels = (long) height * width;
    int scans = JpegOutline.of(bytes).scans();
    if (scans > limits.scans(pixels)) {
      throw new DeepXrayException(
          ("%s: the JPEG has %s scans, more than the %s allowed for %s x %s pixels; save it"
                  + " again.")
              .formatted(source, scans, limits.scans(pixels), width, height));
    }
    if (pages) {
      TiffStrips.check(reader, page, bytes, limits);
    }
    refuseWhatMemoryCannotHold(
        pixels, bits, scans, source + ": decoding its " + width + " x " + height);
  }

  /** Rejecting one image is better than an OutOfMemoryError that ends the process. */
  private static void refuseWhatMemoryCannotHold(long pixels, int bits, int scans, String what) {
    // The decoder's raster and its RGB copy; with several scans also all coefficients.
    long samples = bits / 8;
    long need = pixels * (samples + 3L + (scans > 1 ? samples * Short.BYTES : 0));
    long limit = Runtime.getRuntime().maxMemory() / 2;
    if (need > limit) {
      throw new DeepXrayException(
          ("%s pixels takes %s MiB, more than half of the %s MiB of memory; give Java more"
                  + " with -Xmx.")
              .formatted(what, need >> 20, (2 * limit) >> 20));
    }
  }

  private static int bits(ImageReader reader, int page) throws IOException {
    return type(reader, page).getColorModel().getPixelSize();
  }

  private static ImageTypeSpecifier type(ImageReader reader, int page) throws IOException {
    var types = reader.getImageTypes(page);
    if (!types.hasNext()) {
      throw new IOException("its colours are of an unsupported kind");
    }
    return types.next();
  }

  /**
   * Rejects a JPEG with missing or damaged data, which the JDK's reader fills with grey or noise
   * and only warns about. Such an image must not be trained on or classified.
   */
  private static void refuseDamaged(List<String> warnings) throws IOException {
    for (String warning : warnings) {
      String text = warning.toLowerCase(Locale.ROOT);
      if (DAMAGE.matcher(text).find()) {
        throw new IOException("it is cut off or damaged (" + warning + ")");
      }
    }
  }

  private static int channels(ImageReader reader, int page) throws IOException {
    ImageTypeSpecifier read = type(reader, page);
    ImageTypeSpecifier raw = reader.getRawImageType(page);
    ColorModel model = (raw == null ? read : raw).getColorModel();
    if (model instanceof IndexColorModel palette) {
      int colors = isGrey(palette) ? 1 : 3;
      return palette.hasAlpha() ? colors + 1 : colors;
    }
    return model.getNumComponents();
  }

  /** Whether a palette is grey: the JDK makes a palette of grey PNG with less than 8 bits. */
  private static boolean isGrey(IndexColorModel palette) {
    for (int i = 0; i < palette.getMapSize(); i++) {
      if (palette.getRed(i) != palette.getGreen(i) || palette.getRed(i) != palette.getBlue(i)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Rejects an image with transparent pixels, whose appearance depends on an unknown background.
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
      copyColors(raster, palette, pixels);
      return RgbImage.wrap(height, width, pixels);
    }
    // The samples are copied as stored: getRGB() would pass grey through a gamma curve.
    int type = model.getColorSpace().getType();
    int dataType = raster.getDataBuffer().getDataType();
    if (dataType == DataBuffer.TYPE_SHORT
        || dataType == DataBuffer.TYPE_FLOAT
        || dataType == DataBuffer.TYPE_DOUBLE) {
      throw new IOException("its samples are signed or fractions, whose range is unknown");
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

  private static void copyColors(Raster raster, IndexColorModel palette, byte[] pixels) {
    int[] line = new int[raster.getWidth()];
    for (int y = 0, o = 0; y < raster.getHeight(); y++) {
      for (int color : raster.getSamples(0, y, line.length, 1, 0, line)) {
        pixels[o++] = (byte) palette.getRed(color);
        pixels[o++] = (byte) palette.getGreen(color);
        pixels[o++] = (byte) palette.getBlue(color);
      }
    }
  }

  /** Copies interleaved bytes, the common case, many times faster than {@link #copySamples}. */
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

  /** Copies CMYK samples of TIFF: the first four bands are inks, 0 none. */
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

  /** Copies samples of any type and returns the largest. */
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
    // Samples of 1, 2 and 4 bits are scaled to 0..255.
    return (byte) (sample * 255 / ((1 << bits) - 1));
  }
}
