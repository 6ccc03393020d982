package io.github.deepxray.core.image;

import java.util.Arrays;

/**
 * Immutable grid {@code [height, width]} of values of 0 or more over a whole image: the importance
 * of each part of the image for a class.
 *
 * <p>The value in row {@code i} and column {@code j} stands in the middle of its cell, at {@code (i
 * + 0.5) / height} of the image's height and {@code (j + 0.5) / width} of its width, for images of
 * any size and aspect ratio.
 */
public final class HeatMap {
  private static final int FINE = 200;

  private final int height;
  private final int width;
  private final float[] values;

  private HeatMap(int height, int width, float[] values) {
    this.height = height;
    this.width = width;
    this.values = values;
  }

  /**
   * Creates a map from a copy of the values.
   *
   * @param values {@code height * width} values, row by row
   * @throws IllegalArgumentException if their number does not fit, or one is negative or not finite
   */
  public static HeatMap of(int height, int width, float[] values) {
    if (height < 1 || width < 1 || values.length != (long) height * width) {
      throw new IllegalArgumentException(values.length + " values for " + height + " x " + width);
    }
    for (float value : values) {
      if (!(value >= 0) || Float.isInfinite(value)) {
        throw new IllegalArgumentException("a heat map cannot hold " + value);
      }
    }
    return new HeatMap(height, width, values.clone());
  }

  /** The number of rows. */
  public int height() {
    return height;
  }

  /** The number of columns. */
  public int width() {
    return width;
  }

  /** The value of a cell, 0 or more. */
  public float at(int row, int column) {
    return values[row * width + column];
  }

  /** The values, row by row; a copy. */
  public float[] values() {
    return values.clone();
  }

  /** The largest value. */
  public float max() {
    float max = 0;
    for (float value : values) {
      max = Math.max(max, value);
    }
    return max;
  }

  /**
   * Returns the map divided by its largest value, so that values lie in 0..1; a map of zeros is
   * returned unchanged.
   */
  public HeatMap normalized() {
    float max = max();
    if (max == 0) {
      return this;
    }
    float[] shares = new float[values.length];
    for (int i = 0; i < shares.length; i++) {
      shares[i] = values[i] / max;
    }
    return new HeatMap(height, width, shares);
  }

  /**
   * Returns the share of the heat in the outer tenth of the image's height and width on each side:
   * the frame, which has 36 % of the area. 0 for a map of zeros.
   */
  public double frameShare() {
    // Large enough that the border of the frame lies between pixels.
    HeatMap fine = resized(FINE, FINE);
    double all = 0;
    double inside = 0;
    for (int y = 0; y < FINE; y++) {
      for (int x = 0; x < FINE; x++) {
        all += fine.at(y, x);
        if (Math.min(Math.min(y, FINE - 1 - y), Math.min(x, FINE - 1 - x)) >= FINE / 10) {
          inside += fine.at(y, x);
        }
      }
    }
    return all == 0 ? 0 : (all - inside) / all;
  }

  /**
   * Returns the map at another size, interpolated bilinearly between the centres of the cells and
   * constant beyond the outermost, as {@code tf.image.resize(method="bilinear")} does.
   *
   * @param toHeight the new number of rows, at least 1
   * @param toWidth the new number of columns, at least 1
   */
  public HeatMap resized(int toHeight, int toWidth) {
    if (toHeight < 1 || toWidth < 1) {
      throw new IllegalArgumentException(toHeight + " x " + toWidth);
    }
    Places rows = new Places(height, toHeight);
    Places columns = new Places(width, toWidth);
    float[] resized = new float[Math.multiplyExact(toHeight, toWidth)];
    for (int y = 0, o = 0; y < toHeight; y++) {
      int above = rows.before[y] * width;
      int below = rows.after[y] * width;
      float down = rows.share[y];
      for (int x = 0; x < toWidth; x++) {
        int left = columns.before[x];
        int right = columns.after[x];
        float across = columns.share[x];
        float top = values[above + left] * (1 - across) + values[above + right] * across;
        float bottom = values[below + left] * (1 - across) + values[below + right] * across;
        resized[o++] = top * (1 - down) + bottom * down;
      }
    }
    return new HeatMap(toHeight, toWidth, resized);
  }

  /**
   * Bilinear interpolation along one dimension: the two source cells of each target cell and the
   * weight of the second.
   */
  private static final class Places {
    private final int[] before;
    private final int[] after;
    private final float[] share;

    Places(int from, int to) {
      before = new int[to];
      after = new int[to];
      share = new float[to];
      for (int i = 0; i < to; i++) {
        double place = Math.max(0, Math.min(from - 1, (i + 0.5) * from / to - 0.5));
        before[i] = (int) place;
        after[i] = Math.min(from - 1, before[i] + 1);
        share[i] = (float) (place - before[i]);
      }
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof HeatMap m
        && height == m.height
        && width == m.width
        && Arrays.equals(values, m.values);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(values);
  }

  @Override
  public String toString() {
    return height + " x " + width + " heat map, at most " + max();
  }
}
