package io.github.deepxray.train.embedding;

import io.github.deepxray.core.image.RgbImage;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.SplittableRandom;

/**
 * A way to look at an image. View 0 shows it as it is; every other view moves it a little at
 * random, by an amount that depends on the image's hash and the view's number alone, so that a view
 * can be cached.
 *
 * <p>The ranges: mirrored in half of the cases, turned by up to 10 degrees, scaled by 0.9 to 1.1,
 * shifted by up to 6 % of the size, contrast times 0.85 to 1.15, brightness plus or minus 0.08 of
 * the range. Outside the image its edge is repeated.
 *
 * @param number 0 for the image as it is
 */
public record View(int number) {
  /** The image as it is. */
  public static final View IDENTITY = new View(0);

  private static final double MAX_ANGLE = Math.toRadians(10);
  private static final double MAX_ZOOM = 0.1;
  private static final double MAX_SHIFT = 0.06;
  private static final double MAX_CONTRAST = 0.15;
  private static final double MAX_BRIGHTNESS = 0.08;

  /** Checks the number. */
  public View {
    if (number < 0) {
      throw new IllegalArgumentException("view " + number);
    }
  }

  /** A text that changes when what the view shows changes: part of the cache key. */
  String fingerprint() {
    return number == 0
        ? "identity"
        : "affine-v1 "
            + number
            + " "
            + MAX_ANGLE
            + " "
            + MAX_ZOOM
            + " "
            + MAX_SHIFT
            + " "
            + MAX_CONTRAST
            + " "
            + MAX_BRIGHTNESS;
  }

  /**
   * Writes the view of an image as floats {@code [H, W, 3]}, 0..255.
   *
   * @param image the image
   * @param sha256 the hash of the image's bytes in hexadecimal digits
   * @param target where to
   * @param offset the position of the first value
   */
  public void render(RgbImage image, String sha256, float[] target, int offset) {
    if (number == 0) {
      image.copyTo(target, offset);
      return;
    }
    SplittableRandom random =
        new SplittableRandom(
            ByteBuffer.wrap(HexFormat.of().parseHex(sha256)).getLong()
                ^ (0x9E3779B97F4A7C15L * number));
    boolean mirrored = random.nextBoolean();
    double angle = symmetric(random, MAX_ANGLE);
    double zoom = 1 + symmetric(random, MAX_ZOOM);
    double shiftX = symmetric(random, MAX_SHIFT) * image.width();
    double shiftY = symmetric(random, MAX_SHIFT) * image.height();
    float contrast = (float) (1 + symmetric(random, MAX_CONTRAST));
    float brightness = (float) (255 * symmetric(random, MAX_BRIGHTNESS));

    int height = image.height();
    int width = image.width();
    boolean grey = image.isGrey();
    // From a pixel of the view back to the image, around the centre.
    double cos = StrictMath.cos(angle) / zoom;
    double sin = StrictMath.sin(angle) / zoom;
    double centerX = (width - 1) / 2.0;
    double centerY = (height - 1) / 2.0;
    int o = offset;
    for (int y = 0; y < height; y++) {
      double dy = y - centerY - shiftY;
      for (int x = 0; x < width; x++) {
        double dx = x - centerX - shiftX;
        double sx = cos * dx + sin * dy;
        double sy = -sin * dx + cos * dy + centerY;
        sx = (mirrored ? -sx : sx) + centerX;
        sx = Math.max(0, Math.min(width - 1, sx));
        sy = Math.max(0, Math.min(height - 1, sy));
        int x0 = (int) sx;
        int y0 = (int) sy;
        int x1 = Math.min(x0 + 1, width - 1);
        int y1 = Math.min(y0 + 1, height - 1);
        float fx = (float) (sx - x0);
        float fy = (float) (sy - y0);
        float first = 0;
        for (int c = 0; c < 3; c++) {
          if (c > 0 && grey) {
            target[o++] = first;
            continue;
          }
          float top = image.at(y0, x0, c) * (1 - fx) + image.at(y0, x1, c) * fx;
          float bottom = image.at(y1, x0, c) * (1 - fx) + image.at(y1, x1, c) * fx;
          float value = (top * (1 - fy) + bottom * fy - 127.5f) * contrast + 127.5f + brightness;
          first = Math.max(0, Math.min(255, value));
          target[o++] = first;
        }
      }
    }
  }

  private static double symmetric(SplittableRandom random, double limit) {
    return (random.nextDouble() * 2 - 1) * limit;
  }
}
