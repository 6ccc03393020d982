package io.github.deepxray.core.image;

import io.github.deepxray.core.DeepXrayException;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * Decodes images of the {@linkplain ImageFormats formats found} to 8-bit RGB and encodes JPEG and
 * PNG.
 *
 * <p>JPEG decodes as with TensorFlow's {@code DecodeJpeg} with {@code dct_method =
 * "INTEGER_ACCURATE"}. Grey images are repeated in the three channels, of 16-bit images the high
 * byte is kept and colour profiles are ignored, as TensorFlow does. CMYK is converted to RGB by
 * subtracting the inks from white. Unlike TensorFlow, this codec applies the orientation tag, and
 * rejects images that would decode ambiguously or differently between JDKs: damaged data,
 * transparent pixels, samples of unknown range, arithmetic coding and 4:4:0 in JPEG.
 */
public final class ImageCodec {
  private ImageCodec() {}

  /**
   * Properties of an image read from its header.
   *
   * @param format the {@linkplain ImageFormat#name name} of the format, such as {@code jpeg}
   * @param height of the upright image in pixels
   * @param width of the upright image in pixels
   * @param channels 1 grey, 2 grey with alpha, 3 colour, 4 colour with alpha or CMYK; for a
   *     palette, the channels of its colours
   * @param stored whether the stored pixels are upright
   */
  public record Header(String format, int height, int width, int channels, boolean stored) {}

  /**
   * Reads the header without decoding the image.
   *
   * @param source the name of the file, for messages
   * @throws DeepXrayException if this is no image of one of the formats found
   */
  public static Header header(byte[] bytes, String source) {
    return read(bytes, source, ImageFormats.all(), format -> format.header(bytes, source));
  }

  /**
   * Returns the sum of the first quantization table of a JPEG file: the larger, the lower the
   * quality. 0 for other files.
   */
  public static int jpegQuantization(byte[] bytes) {
    return JpegMarkers.of(bytes).quantization();
  }

  /**
   * Decodes an image within {@link ImageLimits#DEFAULT}.
   *
   * @param source the name of the file, for messages
   * @throws DeepXrayException if the image cannot be decoded or is too large
   */
  public static RgbImage decode(byte[] bytes, String source) {
    return decode(bytes, source, ImageLimits.DEFAULT);
  }

  /**
   * Decodes an image.
   *
   * @param source the name of the file, for messages
   * @param limits the limits, checked before the pixels are decoded
   * @throws DeepXrayException if the image cannot be decoded or is too large
   */
  public static RgbImage decode(byte[] bytes, String source, ImageLimits limits) {
    return read(bytes, source, limits).image();
  }

  /**
   * Decodes an image and collects notes about the decoding.
   *
   * @param source the name of the file, for messages
   * @param limits the limits, checked before the pixels are decoded
   * @throws DeepXrayException if the image cannot be decoded or is too large
   */
  public static DecodedImage read(byte[] bytes, String source, ImageLimits limits) {
    return decode(bytes, source, limits, ImageFormats.all());
  }

  /**
   * Decodes an image of one of these formats.
   *
   * @param source the name of the file, for messages
   * @param limits the limits, checked before the pixels are decoded
   * @param formats the allowed formats; allow few for images from untrusted sources
   * @throws DeepXrayException if the image cannot be decoded, is too large or of another format
   */
  public static DecodedImage decode(
      byte[] bytes, String source, ImageLimits limits, List<ImageFormat> formats) {
    return read(bytes, source, formats, format -> format.decode(bytes, source, limits));
  }

  /**
   * Encodes an image as baseline JPEG; a grey image is stored with one channel.
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

  /** Encodes an image as PNG; a grey image is stored with one channel. */
  public static byte[] encodePng(RgbImage image) {
    return encode(image, "png", parameters -> {});
  }

  /** Encodes in memory; {@link ImageIO} would write to a temporary file first. */
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
  private interface Reading<T> {
    T with(ImageFormat format) throws IOException;
  }

  private static <T> T read(
      byte[] bytes, String source, List<ImageFormat> formats, Reading<T> reading) {
    try {
      for (ImageFormat format : formats) {
        if (format.matches(bytes)) {
          return reading.with(format);
        }
      }
    } catch (IOException e) {
      throw damaged(source, e);
    } catch (DeepXrayException e) {
      throw e;
    } catch (RuntimeException e) {
      // The JDK's readers throw many kinds of unchecked exceptions on damaged data.
      throw damaged(source, e);
    } catch (OutOfMemoryError e) {
      // A damaged TIFF may declare any length for a strip, and the reader allocates it.
      throw new DeepXrayException(
          source + " needs more memory than Java has; increase it with -Xmx.", e);
    }
    throw new DeepXrayException(
        source
            + (bytes.length == 0
                ? " is empty; give a chest X-ray as .jpeg or .png."
                : ForeignFile.describe(bytes)
                    .map(what -> " is " + what + ".")
                    .orElse(isNone(formats) + "; give a chest X-ray as .jpeg or .png.")));
  }

  private static String isNone(List<ImageFormat> formats) {
    List<String> names = formats.stream().map(ImageFormat::title).toList();
    return names.size() == 2
        ? " is neither " + names.get(0) + " nor " + names.get(1)
        : names.stream().collect(Collectors.joining(", ", " is none of ", ""));
  }

  private static DeepXrayException damaged(String source, Exception e) {
    String why = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    return new DeepXrayException(source + " cannot be decoded: " + why + ".", e);
  }
}
