package io.github.deepxray.testkit;

import io.github.deepxray.core.image.RgbImage;

/**
 * Eight images computed from their number, equal in Java and in {@code tools/goldens/patterns.py}:
 * integer arithmetic, from black and white to noise.
 */
public final class PatternImages {
  /** Number of patterns. */
  public static final int COUNT = 8;

  private static final int MIN_SIZE = 2;
  // Beyond this size the products below exceed 32 bits.
  private static final int MAX_SIZE = 2000;

  private PatternImages() {}

  /**
   * Returns a pattern as an image.
   *
   * @param pattern 0 black, 1 white, 2 gradients, 3 coloured noise, 4 a fading disc, 5 dark ovals
   *     on a bright one, 6 coloured squares, 7 triangle waves
   * @param size the height and width in pixels, 2 to 2000
   */
  public static RgbImage image(int pattern, int size) {
    byte[] pixels = new byte[size * size * 3];
    fill(pattern, size, (i, value) -> pixels[i] = (byte) value);
    return RgbImage.of(size, size, pixels);
  }

  /**
   * Returns a pattern as floats {@code [size, size, 3]} with values 0..255.
   *
   * @param pattern the number of the pattern, 0 to 7
   * @param size the height and width in pixels, 2 to 2000
   */
  public static float[] floats(int pattern, int size) {
    float[] pixels = new float[size * size * 3];
    fill(pattern, size, (i, value) -> pixels[i] = value);
    return pixels;
  }

  /**
   * Returns all patterns as a batch of floats {@code [8, size, size, 3]} with values 0..255.
   *
   * @param size the height and width in pixels, 2 to 2000
   */
  public static float[] batch(int size) {
    float[] pixels = new float[COUNT * size * size * 3];
    for (int pattern = 0; pattern < COUNT; pattern++) {
      int offset = pattern * size * size * 3;
      fill(pattern, size, (i, value) -> pixels[offset + i] = value);
    }
    return pixels;
  }

  @FunctionalInterface
  private interface Target {
    void set(int index, int value);
  }

  private static void fill(int pattern, int size, Target target) {
    if (pattern < 0 || pattern >= COUNT || size < MIN_SIZE || size > MAX_SIZE) {
      throw new IllegalArgumentException("no pattern " + pattern + " of size " + size);
    }
    int i = 0;
    for (int y = 0; y < size; y++) {
      for (int x = 0; x < size; x++) {
        for (int c = 0; c < 3; c++) {
          target.set(i++, value(pattern, size, y, x, c));
        }
      }
    }
  }

  private static int value(int pattern, int size, int y, int x, int c) {
    int last = size - 1;
    // Twice the distance from the centre, which is whole for odd and even sizes.
    int dx = Math.abs(2 * x - last);
    int dy = Math.abs(2 * y - last);
    int squares = dx * dx + dy * dy;
    int noise = hash(((pattern * 3 + c) * size + y) * size + x) & 255;
    return switch (pattern) {
      case 0 -> 0;
      case 1 -> 255;
      case 2 -> c == 0 ? x * 255 / last : c == 1 ? y * 255 / last : (x + y) * 255 / (2 * last);
      case 3 -> noise;
      case 4 -> Math.max(0, 255 - squares * 255 / (size * size));
      case 5 -> {
        int body = Math.max(0, 200 - squares * 90 / (size * size));
        int off = Math.abs(dx - size * 4 / 10);
        boolean lung = off * off * 9 + dy * dy * 2 < size * size;
        int grain = hash((pattern * size + y) * size + x) & 255;
        yield (lung ? body * 2 / 5 : body) + grain / 10;
      }
      case 6 -> {
        int cell = Math.max(1, size / 14);
        yield hash(((y / cell) * 1000 + x / cell) * 3 + c) & 255;
      }
      default -> {
        int period = 8 + 12 * c;
        int phase = (x * (c + 1) + y * (3 - c)) % period;
        yield Math.min(phase, period - phase) * 440 / period + noise / 8;
      }
    };
  }

  /** Mixes the bits of a number: multiply and xor-shift. */
  static int hash(int n) {
    int h = n * 0x9E3779B1 + 0x7F4A7C15;
    h ^= h >>> 15;
    h *= 0x2C1B3C6D;
    h ^= h >>> 12;
    h *= 0x297A2D39;
    return h ^ (h >>> 15);
  }
}
