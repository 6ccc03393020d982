package io.github.deepxray.core.image;

import java.util.Arrays;

/**
 * Resizes images with an antialiased triangle filter (bilinear, widened when shrinking), as {@code
 * tf.image.resize(method="bilinear", antialias=True)} does, then rounds to 8 bits, halves up.
 *
 * <p>The image is stretched to the requested size; the aspect ratio is not kept.
 */
public final class Resizer {
  /**
   * Largest accepted ratio of the work of summing over rows first to that of the other order. For
   * images at most 64 times as wide as high and a square target the ratio stays below.
   */
  private static final int MUCH = 8;

  private Resizer() {}

  /** Weights of the source pixels for each target pixel along one dimension. */
  private static final class Spans {
    private final int[] starts;
    private final float[][] weights;

    private Spans(int[] starts, float[][] weights) {
      this.starts = starts;
      this.weights = weights;
    }

    static Spans of(int from, int to) {
      double scale = (double) from / to;
      double radius = Math.max(scale, 1);
      int[] starts = new int[to];
      float[][] weights = new float[to][];
      for (int i = 0; i < to; i++) {
        double center = (i + 0.5) * scale;
        int start = Math.max(0, (int) Math.ceil(center - radius - 0.5));
        int end = Math.min(from - 1, (int) Math.floor(center + radius - 0.5));
        double[] w = new double[end - start + 1];
        double sum = 0;
        for (int j = 0; j < w.length; j++) {
          w[j] = Math.max(0, 1 - Math.abs((start + j + 0.5 - center) / radius));
          sum += w[j];
        }
        starts[i] = start;
        weights[i] = new float[w.length];
        for (int j = 0; j < w.length; j++) {
          weights[i][j] = (float) (w[j] / sum);
        }
      }
      return new Spans(starts, weights);
    }
  }

  /**
   * Returns the image at another size; the same image if it already has that size. The work is
   * proportional to the number of pixels of both images.
   *
   * @param height the new height in pixels, at least 1
   * @param width the new width in pixels, at least 1
   */
  public static RgbImage resize(RgbImage image, int height, int width) {
    if (image.height() == height && image.width() == width) {
      return image;
    }
    Spans rows = Spans.of(image.height(), height);
    Spans columns = Spans.of(image.width(), width);
    byte[] target =
        rowsFirst(image, height, width)
            ? rowsFirst(image, rows, columns)
            : columnsFirst(image, rows, columns);
    return RgbImage.wrap(height, width, target);
  }

  /**
   * Whether to sum over rows first. The float sums depend on the order in the last bit, so the
   * other order is used only where this one is far slower: for few rows that are very wide.
   */
  private static boolean rowsFirst(RgbImage image, int height, int width) {
    long tall = Math.max(image.height(), height);
    long wide = Math.max(image.width(), width);
    long rowsThenColumns = tall * image.width() + height * wide;
    long columnsThenRows = wide * image.height() + width * tall;
    return rowsThenColumns <= MUCH * columnsThenRows;
  }

  private static byte[] rowsFirst(RgbImage image, Spans rows, Spans columns) {
    byte[] source = image.pixels();
    int stride = image.width() * 3;
    float[] line = new float[stride];
    float[] sums = new float[columns.starts.length * 3];
    byte[] target = new byte[rows.starts.length * sums.length];
    for (int y = 0; y < rows.starts.length; y++) {
      Arrays.fill(line, 0);
      float[] weights = rows.weights[y];
      for (int j = 0; j < weights.length; j++) {
        int base = (rows.starts[y] + j) * stride;
        float weight = weights[j];
        for (int i = 0; i < stride; i++) {
          line[i] += weight * (source[base + i] & 0xff);
        }
      }
      sumColumns(line, columns, sums);
      round(sums, target, y);
    }
    return target;
  }

  private static byte[] columnsFirst(RgbImage image, Spans rows, Spans columns) {
    byte[] source = image.pixels();
    float[] line = new float[image.width() * 3];
    float[] sums = new float[columns.starts.length * 3];
    float[][] narrow = new float[image.height()][sums.length];
    for (int y = 0; y < image.height(); y++) {
      for (int i = 0; i < line.length; i++) {
        line[i] = source[y * line.length + i] & 0xff;
      }
      sumColumns(line, columns, narrow[y]);
    }
    byte[] target = new byte[rows.starts.length * sums.length];
    for (int y = 0; y < rows.starts.length; y++) {
      Arrays.fill(sums, 0);
      float[] weights = rows.weights[y];
      for (int j = 0; j < weights.length; j++) {
        float weight = weights[j];
        for (int i = 0; i < sums.length; i++) {
          sums[i] += weight * narrow[rows.starts[y] + j][i];
        }
      }
      round(sums, target, y);
    }
    return target;
  }

  /** Resizes a line to another width. */
  private static void sumColumns(float[] line, Spans columns, float[] sums) {
    for (int x = 0; x < columns.starts.length; x++) {
      float[] weights = columns.weights[x];
      float red = 0;
      float green = 0;
      float blue = 0;
      for (int j = 0; j < weights.length; j++) {
        int i = (columns.starts[x] + j) * 3;
        red += weights[j] * line[i];
        green += weights[j] * line[i + 1];
        blue += weights[j] * line[i + 2];
      }
      sums[3 * x] = red;
      sums[3 * x + 1] = green;
      sums[3 * x + 2] = blue;
    }
  }

  /** Writes a row of the new image. */
  private static void round(float[] sums, byte[] target, int row) {
    for (int i = 0; i < sums.length; i++) {
      int value = (int) Math.floor(sums[i] + 0.5f);
      target[row * sums.length + i] = (byte) Math.max(0, Math.min(255, value));
    }
  }
}
