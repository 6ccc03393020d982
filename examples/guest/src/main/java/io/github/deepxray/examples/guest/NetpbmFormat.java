package io.github.deepxray.examples.guest;

import io.github.deepxray.core.image.DecodedImage;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.ImageFormat;
import io.github.deepxray.core.image.ImageLimits;
import io.github.deepxray.core.image.RgbImage;
import java.io.IOException;
import java.util.List;
import java.util.Set;

/**
 * Image format of binary Netpbm files with 8 bits: {@code P5} grey and {@code P6} RGB, then width,
 * height and the greatest value in decimal digits, one white space, and the samples row by row.
 */
public final class NetpbmFormat implements ImageFormat {
  /** Called by the service loader. */
  public NetpbmFormat() {}

  /** Header before the samples. */
  private record Start(int channels, int width, int height, int samples) {
    static Start of(byte[] bytes) throws IOException {
      int channels = bytes[1] == '5' ? 1 : 3;
      int[] numbers = new int[3];
      int at = 2;
      for (int i = 0; i < numbers.length; i++) {
        at = skipSpace(bytes, at);
        int begin = at;
        while (at < bytes.length && bytes[at] >= '0' && bytes[at] <= '9') {
          numbers[i] = numbers[i] * 10 + bytes[at++] - '0';
          if (numbers[i] > 1_000_000) {
            throw new IOException("a number of its header is too large");
          }
        }
        if (at == begin || at == bytes.length) {
          throw new IOException("its header is cut off");
        }
      }
      if (numbers[0] == 0 || numbers[1] == 0) {
        throw new IOException("it has no pixels");
      } else if (numbers[2] != 255) {
        throw new IOException("its greatest value is " + numbers[2] + "; save it with 8 bits");
      }
      return new Start(channels, numbers[0], numbers[1], at + 1);
    }

    /** Skips white space, and comments from # to the end of the line. */
    private static int skipSpace(byte[] bytes, int from) {
      int at = from;
      boolean comment = false;
      while (at < bytes.length && (comment || bytes[at] == '#' || isSpace(bytes[at]))) {
        comment = bytes[at] == '#' || (comment && bytes[at] != '\n');
        at++;
      }
      return at;
    }
  }

  private static boolean isSpace(byte value) {
    return value == ' ' || value == '\t' || value == '\r' || value == '\n';
  }

  @Override
  public String name() {
    return "netpbm";
  }

  @Override
  public List<String> extensions() {
    return List.of("pgm", "ppm");
  }

  @Override
  public boolean matches(byte[] bytes) {
    return bytes.length > 2
        && bytes[0] == 'P'
        && (bytes[1] == '5' || bytes[1] == '6')
        && (isSpace(bytes[2]) || bytes[2] == '#');
  }

  /** Time and memory are proportional to the size of the file. */
  @Override
  public boolean isServed() {
    return true;
  }

  @Override
  public ImageCodec.Header header(byte[] bytes, String source) throws IOException {
    Start start = Start.of(bytes);
    return new ImageCodec.Header(name(), start.height, start.width, start.channels, true);
  }

  @Override
  public DecodedImage decode(byte[] bytes, String source, ImageLimits limits) throws IOException {
    Start start = Start.of(bytes);
    limits.check(start.height, start.width, source);
    long samples = (long) start.height * start.width * start.channels;
    if (bytes.length < start.samples + samples) {
      throw new IOException("it is cut off");
    }
    byte[] pixels = new byte[start.height * start.width * 3];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = bytes[start.samples + (start.channels == 1 ? i / 3 : i)];
    }
    return new DecodedImage(RgbImage.of(start.height, start.width, pixels), Set.of());
  }
}
