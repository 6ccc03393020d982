package io.github.deepxray.core.image;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import javax.imageio.ImageReader;
import javax.imageio.plugins.tiff.BaselineTIFFTagSet;
import javax.imageio.plugins.tiff.TIFFDirectory;
import javax.imageio.plugins.tiff.TIFFField;

/**
 * Rejects a TIFF whose strips or tiles would cost more time or memory than its size allows: the
 * JDK's reader does not check their declared sizes.
 */
final class TiffStrips {
  private static final byte[] SOI = {(byte) 0xff, (byte) 0xd8};

  /** Grey or colour, CMYK, and alpha or two ignored samples. */
  private static final int MAX_SAMPLES = 6;

  private TiffStrips() {}

  /**
   * Checks the strips or tiles of a page.
   *
   * @throws IOException with the reason, if the page is rejected
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
      throw new IOException(
          "it uses old-style JPEG compression (obsolete since 1995); save it again");
    } else if (compression == BaselineTIFFTagSet.COMPRESSION_JPEG) {
      checkJpegs(directory, bytes, offsets, lengths, pixels, limits);
    }
  }

  private static void checkSamples(TIFFDirectory directory) throws IOException {
    // The reader makes a table of all values of samples that it converts; the range of larger
    // samples is unknown.
    TIFFField bits = directory.getTIFFField(BaselineTIFFTagSet.TAG_BITS_PER_SAMPLE);
    for (int i = 0; bits != null && i < bits.getCount(); i++) {
      if (bits.getAsInt(i) > Short.SIZE) {
        throw new IOException(
            "it has samples of " + bits.getAsInt(i) + " bits, whose range is unknown");
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

  /** Orientation of a page, 1 (upright) to 8. */
  static int orientation(ImageReader reader, int page) throws IOException {
    TIFFField field = directory(reader, page).getTIFFField(BaselineTIFFTagSet.TAG_ORIENTATION);
    return field == null ? Orientation.UPRIGHT : Orientation.valid(field.getAsInt(0));
  }

  /** Whether the last sample of a page is declared as alpha. */
  static boolean hasAlpha(ImageReader reader, int page) throws IOException {
    TIFFField field = directory(reader, page).getTIFFField(BaselineTIFFTagSet.TAG_EXTRA_SAMPLES);
    return field == null || field.getAsInt(0) != BaselineTIFFTagSet.EXTRA_SAMPLES_UNSPECIFIED;
  }

  /** Pixels of all strips or tiles, including the parts of tiles beyond the image's edges. */
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

  /** Checks strips and tiles that are complete JPEG images with sizes of their own. */
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
      throw new IOException("its strips or tiles have too many scans; save it again");
    }
  }

  /** Values of the first of these fields that is present. */
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
    throw new IOException("the offsets of its strips or tiles are missing");
  }
}
