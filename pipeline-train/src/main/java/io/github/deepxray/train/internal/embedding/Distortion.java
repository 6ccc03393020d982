package io.github.deepxray.train.internal.embedding;

import io.github.deepxray.core.image.Resizer;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.internal.Keyed;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * Distorted picture of an image, which a classifier of upright chest X-rays cannot read. Some kinds
 * are examples for the input guard, the others only test it.
 */
public enum Distortion implements ImageView, Keyed {
  /** Grey values from white to black. */
  INVERTED(Use.FITTED),

  /** Mirrored at the horizontal axis. */
  UPSIDE_DOWN(Use.FITTED),

  /** Rotated by 180 degrees. */
  ROTATED_180(Use.FITTED),

  /** Rotated by 90 degrees, counterclockwise. */
  ROTATED_90(Use.FITTED),

  /** Rotated by 90 degrees, clockwise. */
  ROTATED_270(Use.FITTED),

  /** A quarter of the picture, enlarged. */
  QUARTER(Use.FITTED),

  /** Gaussian blur of 6 of 224 pixels. */
  BLURRED(Use.FITTED),

  /** A quarter of the brightness. */
  DARK(Use.FITTED),

  /** A quarter of the difference from white. */
  BRIGHT(Use.FITTED),

  /** A fifth of the contrast, around middle grey. */
  LOW_CONTRAST(Use.TESTED),

  /** Rotated by 45 degrees; the corners repeat the edge. */
  ROTATED_45(Use.TESTED),

  /** Black below and white above middle grey. */
  THRESHOLDED(Use.TESTED),

  /** The image's mean grey value everywhere. */
  CONSTANT(Use.TESTED),

  /** Uniform noise of three colors. */
  NOISE(Use.TESTED);

  /** Use of a kind by the input guard. */
  private enum Use {
    TESTED,
    FITTED
  }

  // To be changed when the pixels change.
  private static final String VERSION = "distortion-v1 ";
  private static final double BLUR = 6.0 / 224;

  private final Use use;

  Distortion(Use use) {
    this.use = use;
  }

  /** Kinds that are examples for the guard. */
  public static List<Distortion> fitted() {
    return Stream.of(values()).filter(kind -> kind.use != Use.TESTED).toList();
  }

  @Override
  public String fingerprint() {
    return VERSION + this;
  }

  @Override
  public void render(RgbImage image, String sha256, float[] target, int offset) {
    int height = image.height();
    int width = image.width();
    float[] pixels = new float[height * width * 3];
    image.copyTo(pixels, 0);
    float[] distorted =
        switch (this) {
          case INVERTED -> line(pixels, -1, 255);
          case DARK -> line(pixels, 0.25f, 0);
          case BRIGHT -> line(pixels, 0.25f, 255 * 0.75f);
          case LOW_CONTRAST -> line(pixels, 0.2f, 128 * 0.8f);
          case UPSIDE_DOWN -> moved(image, (y, x) -> at(height - 1 - y, x));
          case ROTATED_180 -> moved(image, (y, x) -> at(height - 1 - y, width - 1 - x));
          case ROTATED_90 ->
              moved(image, (y, x) -> at(x * height / width, width - 1 - y * width / height));
          case ROTATED_270 ->
              moved(image, (y, x) -> at(height - 1 - x * height / width, y * width / height));
          case ROTATED_45 -> moved(image, (y, x) -> turned(y, x, height, width));
          case QUARTER -> quarter(image, sha256);
          case BLURRED -> View.blur(pixels, height, width, 3, BLUR * height);
          case THRESHOLDED -> thresholded(pixels);
          case CONSTANT -> constant(pixels);
          case NOISE -> noise(pixels.length, sha256);
        };
    System.arraycopy(distorted, 0, target, offset, distorted.length);
  }

  private static float[] line(float[] pixels, float factor, float addend) {
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = pixels[i] * factor + addend;
    }
    return pixels;
  }

  /** Position of the source of a pixel: row and column. */
  @FunctionalInterface
  private interface Source {
    int[] of(int row, int column);
  }

  private static int[] at(int row, int column) {
    return new int[] {row, column};
  }

  private static float[] moved(RgbImage image, Source source) {
    float[] pixels = new float[image.height() * image.width() * 3];
    int o = 0;
    for (int y = 0; y < image.height(); y++) {
      for (int x = 0; x < image.width(); x++) {
        int[] from = source.of(y, x);
        int row = Math.max(0, Math.min(image.height() - 1, from[0]));
        int column = Math.max(0, Math.min(image.width() - 1, from[1]));
        for (int c = 0; c < 3; c++) {
          pixels[o++] = image.at(row, column, c);
        }
      }
    }
    return pixels;
  }

  private static int[] turned(int row, int column, int height, int width) {
    double y = row - (height - 1) / 2.0;
    double x = column - (width - 1) / 2.0;
    double half = Math.sqrt(0.5);
    return at(
        (int) Math.rint(half * (y - x) + (height - 1) / 2.0),
        (int) Math.rint(half * (x + y) + (width - 1) / 2.0));
  }

  /** Enlarges one of the four quarters, chosen by the hash. */
  private static float[] quarter(RgbImage image, String sha256) {
    int height = Math.max(1, image.height() / 2);
    int width = Math.max(1, image.width() / 2);
    int which = Character.digit(sha256.charAt(0), 16) & 3;
    int top = (which & 1) * (image.height() - height);
    int left = (which >> 1) * (image.width() - width);
    byte[] part = new byte[height * width * 3];
    int o = 0;
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        for (int c = 0; c < 3; c++) {
          part[o++] = (byte) image.at(top + y, left + x, c);
        }
      }
    }
    float[] pixels = new float[image.height() * image.width() * 3];
    Resizer.resize(RgbImage.of(height, width, part), image.height(), image.width())
        .copyTo(pixels, 0);
    return pixels;
  }

  private static float[] thresholded(float[] pixels) {
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = pixels[i] > 128 ? 255 : 0;
    }
    return pixels;
  }

  private static float[] constant(float[] pixels) {
    double sum = 0;
    for (float value : pixels) {
      sum += value;
    }
    Arrays.fill(pixels, (float) (sum / pixels.length));
    return pixels;
  }

  private static float[] noise(int values, String sha256) {
    SplittableRandom random =
        new SplittableRandom(ByteBuffer.wrap(HexFormat.of().parseHex(sha256)).getLong());
    float[] pixels = new float[values];
    for (int i = 0; i < values; i++) {
      pixels[i] = random.nextInt(256);
    }
    return pixels;
  }
}
