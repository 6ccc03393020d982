package io.github.deepxray.core.image;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import javax.imageio.ImageReader;
import javax.imageio.plugins.tiff.BaselineTIFFTagSet;
import javax.imageio.plugins.tiff.TIFFDirectory;
import javax.imageio.plugins.tiff.TIFFField;

/**
 * Refuses a TIFF whose strips or tiles would take more time or memory than its size lets expect:
 * the JDK's reader believes what they announce.
 */
final class TiffStrips {
  private static final byte[] SOI = {(byte) 0xff, (byte) 0xd8};

  /** Grey or colour, CMYK, and alpha or two more that nobody looks at. */
  private static final int MAX_SAMPLES = 6;

  private TiffStrips() {}

  /**
   * Checks a page.
   *
   * @throws IOException with the reason, if it is refused
   */
  static void check(ImageReader reader, int page, byte[] bytes, ImageLimits limits)
      throws IOException {
    TIFFDirectory directory = directory(reader, page);
    checkSamples(directory);
    long pixels = pixels(reader, page);
    if (pixels > limits.maxPixels()) {
      throw new IOException(
          "its tiles have " + pixels + " pixels, more than the " + limits.maxPixels() + " allowed");
    }
    long[] offsets =
        values(
            directory, BaselineTIFFTagSet.TAG_TILE_OFFSETS, BaselineTIFFTagSet.TAG_STRIP_OFFSETS);
    long[] lengths =
        values(
            directory,
            BaselineTIFFTagSet.TAG_TILE_BYTE_COUNTS,
            BaselineTIFFTagSet.TAG_STRIP_BYTE_COUNTS);
    if (Arrays.stream(lengths).sum() > bytes.length) {
      throw new IOException("its strips or tiles overlap or lie beyond its end");
    }
    long compression = values(directory, BaselineTIFFTagSet.TAG_COMPRESSION)[0];
    if (compression == BaselineTIFFTagSet.COMPRESSION_OLD_JPEG) {
      throw new IOException("it is compressed in a way that was given up in 1995; save it anew");
    } else if (compression == BaselineTIFFTagSet.COMPRESSION_JPEG) {
      checkJpegs(directory, bytes, offsets, lengths, pixels, limits);
    }
  }

  private static void checkSamples(TIFFDirectory directory) throws IOException {
    // The reader makes a table of all values of samples that it converts to others; of larger ones
    // nothing tells the range.
    TIFFField bits = directory.getTIFFField(BaselineTIFFTagSet.TAG_BITS_PER_SAMPLE);
    for (int i = 0; bits != null && i < bits.getCount(); i++) {
      if (bits.getAsInt(i) > Short.SIZE) {
        throw new IOException(
            "it has samples of " + bits.getAsInt(i) + " bits, whose range nothing tells");
      }
    }
    TIFFField samples = directory.getTIFFField(BaselineTIFFTagSet.TAG_SAMPLES_PER_PIXEL);
    if (samples != null && samples.getAsLong(0) > MAX_SAMPLES) {
      throw new IOException("it has " + samples.getAsLong(0) + " samples a pixel");
    }
  }

  private static TIFFDirectory directory(ImageReader reader, int page) throws IOException {
    return TIFFDirectory.createFromMetadata(reader.getImageMetadata(page));
  }

  /** The orientation that a page tells, 1 (upright) to 8. */
  static int orientation(ImageReader reader, int page) throws IOException {
    TIFFField field = directory(reader, page).getTIFFField(BaselineTIFFTagSet.TAG_ORIENTATION);
    return field == null ? Orientation.UPRIGHT : Orientation.valid(field.getAsInt(0));
  }

  /** Whether the last sample of a page's pixels is said to be alpha, and not something else. */
  static boolean hasAlpha(ImageReader reader, int page) throws IOException {
    TIFFField field = directory(reader, page).getTIFFField(BaselineTIFFTagSet.TAG_EXTRA_SAMPLES);
    return field == null || field.getAsInt(0) != BaselineTIFFTagSet.EXTRA_SAMPLES_UNSPECIFIED;
  }

  /** The pixels of all strips or tiles, with those of tiles beyond the image's edges. */
  private static long pixels(ImageReader reader, int page) throws IOException {
    long height = reader.getHeight(page);
    long width = reader.getWidth(page);
    if (!reader.isImageTiled(page)) {
      return height * width;
    }
    long tall = reader.getTileHeight(page);
    long wide = reader.getTileWidth(page);
    if (tall < 1 || wide < 1) {
      throw new IOException("its tiles are " + wide + " x " + tall + " pixels");
    }
    return ((height + tall - 1) / tall * tall) * ((width + wide - 1) / wide * wide);
  }

  /** Each strip or tile is a JPEG of its own, of whatever size it says. */
  private static void checkJpegs(
      TIFFDirectory directory,
      byte[] bytes,
      long[] offsets,
      long[] lengths,
      long pixels,
      ImageLimits limits)
      throws IOException {
    TIFFField field = directory.getTIFFField(BaselineTIFFTagSet.TAG_JPEG_TABLES);
    byte[] tables = field == null ? new byte[0] : field.getAsBytes();
    long work = 0;
    for (int i = 0; i < Math.min(offsets.length, lengths.length); i++) {
      ByteArrayOutputStream jpeg = new ByteArrayOutputStream();
      jpeg.write(SOI);
      jpeg.write(tables);
      int length = (int) Math.max(0, Math.min(lengths[i], bytes.length - offsets[i]));
      jpeg.write(bytes, (int) Math.min(offsets[i], bytes.length), length);
      JpegOutline outline = JpegOutline.of(jpeg.toByteArray());
      JpegMarkers.of(jpeg.toByteArray()).refuseWhatDiffers();
      if (outline.pixels() > pixels) {
        throw new IOException("a strip or tile has more pixels than the image");
      }
      work += outline.pixels() * outline.scans();
    }
    if (work > limits.scans(pixels) * pixels) {
      throw new IOException("its strips or tiles have too many scans; save it anew");
    }
  }

  /** The values of the first of these fields that is there. */
  private static long[] values(TIFFDirectory directory, int... tags) throws IOException {
    for (int tag : tags) {
      TIFFField field = directory.getTIFFField(tag);
      if (field != null) {
        long[] values = new long[field.getCount()];
        for (int i = 0; i < values.length; i++) {
          values[i] = field.getAsLong(i);
        }
        return values;
      }
    }
    throw new IOException("it does not say where its strips or tiles are");
  }
}
