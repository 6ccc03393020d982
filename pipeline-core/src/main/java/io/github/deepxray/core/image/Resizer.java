package io.github.deepxray.core.image;

import java.util.Arrays;

/**
 * Resizes with an antialiased triangle filter (bilinear, widened when shrinking), as {@code
 * tf.image.resize(method="bilinear", antialias=True)} does, then rounds to 8 bits, halves up.
 *
 * <p>The image is stretched to the size asked for; its aspect ratio is not kept.
 */
public final class Resizer {
  private Resizer() {}

  /** The weights of the source pixels for each target pixel along one dimension. */
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
   * The image at another size; the same image if it has that size already.
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
    byte[] source = image.pixels();
    byte[] target = new byte[height * width * 3];
    int stride = image.width() * 3;
    float[] line = new float[stride];
    for (int y = 0; y < height; y++) {
      Arrays.fill(line, 0);
      float[] weights = rows.weights[y];
      for (int j = 0; j < weights.length; j++) {
        int base = (rows.starts[y] + j) * stride;
        float weight = weights[j];
        for (int i = 0; i < stride; i++) {
          line[i] += weight * (source[base + i] & 0xff);
        }
      }
      for (int x = 0; x < width; x++) {
        float[] across = columns.weights[x];
        float red = 0;
        float green = 0;
        float blue = 0;
        for (int j = 0; j < across.length; j++) {
          int i = (columns.starts[x] + j) * 3;
          red += across[j] * line[i];
          green += across[j] * line[i + 1];
          blue += across[j] * line[i + 2];
        }
        int o = (y * width + x) * 3;
        target[o] = round(red);
        target[o + 1] = round(green);
        target[o + 2] = round(blue);
      }
    }
    return RgbImage.wrap(height, width, target);
  }

  private static byte round(float value) {
    return (byte) Math.max(0, Math.min(255, (int) Math.floor(value + 0.5f)));
  }
}
