package io.github.deepxray.datasets.internal.shortcuts;

import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.RgbImage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Properties of an image file that do not depend on the patient's chest. */
public final class Appearance {
  /** The side of the grey copy in pixels. */
  private static final int SIDE = 16;

  /** The width of its frame in pixels, an eighth of the side. */
  private static final int WIDTH = 2;

  /** Smallest difference of neighbouring grey values at an edge of burnt-in text. */
  private static final double EDGE = 60;

  /** Name of the only property that no network can see. */
  public static final String FILE_NUMBERS = "numbers in the file name";

  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,15}");

  private final String format;
  private final Map<String, double[]> numbers;
  private final byte[] frame;

  private Appearance(String format, Map<String, double[]> numbers, byte[] frame) {
    this.format = format;
    this.numbers = numbers;
    this.frame = frame;
  }

  /** Returns the name of the file format with the number of channels. */
  public String format() {
    return format;
  }

  /** Returns the values of each numeric property, by its name. */
  public Map<String, double[]> numbers() {
    return numbers;
  }

  /** Returns the outer pixels of a small grey copy, row by row, 0..255. */
  public double[] frame() {
    double[] values = new double[frame.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = frame[i] & 0xff;
    }
    return values;
  }

  /**
   * Returns the properties of an image.
   *
   * @param path the path of the file in the source
   * @param header of the source's file
   * @param file the bytes of the source's file
   * @param image the image as it is stored, 0..255
   */
  public static Appearance of(String path, ImageCodec.Header header, byte[] file, RgbImage image) {
    Grey grey = Grey.of(image);
    Map<String, double[]> numbers = new LinkedHashMap<>();
    numbers.put("size", new double[] {Math.log((double) header.height() * header.width())});
    numbers.put("aspect ratio", new double[] {Math.log((double) header.width() / header.height())});
    numbers.put("aspect ratio, estimated from the picture", new double[] {grey.estimatedAspect()});
    numbers.put("JPEG quality", new double[] {Math.log(1 + ImageCodec.jpegQuantization(file))});
    numbers.put("brightness and contrast", grey.meanAndDeviation(0));
    numbers.put("colour of the border", grey.meanAndDeviation(Math.max(1, image.width() / 50)));
    numbers.put("hard edges in the corners", grey.cornerEdges());
    numbers.put(FILE_NUMBERS, fileNumbers(path));
    return new Appearance(header.format() + ", " + header.channels(), numbers, grey.frame());
  }

  /** Returns the logarithms of the first and the last number in a file name; 0 for none. */
  static double[] fileNumbers(String path) {
    List<Double> numbers = new ArrayList<>();
    NUMBER
        .matcher(path.substring(path.lastIndexOf('/') + 1))
        .results()
        .map(MatchResult::group)
        .forEach(digits -> numbers.add(Math.log(1 + Double.parseDouble(digits))));
    return numbers.isEmpty()
        ? new double[2]
        : new double[] {numbers.get(0), numbers.get(numbers.size() - 1)};
  }

  /** Grey values of an image, row by row. */
  private static final class Grey {
    private final int height;
    private final int width;
    private final float[] values;

    Grey(int height, int width, float[] values) {
      this.height = height;
      this.width = width;
      this.values = values;
    }

    static Grey of(RgbImage image) {
      byte[] rgb = image.toBytes();
      float[] values = new float[rgb.length / 3];
      for (int i = 0; i < values.length; i++) {
        values[i] = ((rgb[3 * i] & 0xff) + (rgb[3 * i + 1] & 0xff) + (rgb[3 * i + 2] & 0xff)) / 3f;
      }
      return new Grey(image.height(), image.width(), values);
    }

    float at(int y, int x) {
      return values[y * width + x];
    }

    /**
     * Returns the logarithm of mean horizontal over mean vertical differences of neighbours. It
     * grows with the ratio by which the width was squashed.
     */
    double estimatedAspect() {
      double across = 1e-3;
      double down = 1e-3;
      for (int y = 0; y + 1 < height; y++) {
        for (int x = 0; x + 1 < width; x++) {
          across += Math.abs(at(y, x + 1) - at(y, x));
          down += Math.abs(at(y + 1, x) - at(y, x));
        }
      }
      return Math.log(across / down);
    }

    /** Returns mean and standard deviation of a frame of this width, 0 for the whole image. */
    double[] meanAndDeviation(int frame) {
      double sum = 0;
      double squares = 0;
      long count = 0;
      for (int y = 0; y < height; y++) {
        boolean edgeRow = frame == 0 || y < frame || y >= height - frame;
        for (int x = 0; x < width; x++) {
          if (edgeRow || x < frame || x >= width - frame) {
            double value = at(y, x);
            sum += value;
            squares += value * value;
            count++;
          }
        }
      }
      double mean = sum / count;
      return new double[] {mean, Math.sqrt(Math.max(0, squares / count - mean * mean))};
    }

    /** Returns the square root of the share of hard edges in each corner of a fifth of the side. */
    double[] cornerEdges() {
      int h = Math.max(2, height / 5);
      int w = Math.max(2, width / 5);
      double[] shares = new double[4];
      for (int corner = 0; corner < 4 && h < height && w < width; corner++) {
        int top = corner < 2 ? 0 : height - h;
        int left = corner % 2 == 0 ? 0 : width - w;
        int edges = 0;
        for (int y = top; y + 1 < top + h; y++) {
          for (int x = left; x + 1 < left + w; x++) {
            double step =
                Math.max(Math.abs(at(y, x + 1) - at(y, x)), Math.abs(at(y + 1, x) - at(y, x)));
            edges += step > EDGE ? 1 : 0;
          }
        }
        shares[corner] = Math.sqrt((double) edges / (h * w));
      }
      return shares;
    }

    /** Returns the outer pixels of the grey copy. */
    byte[] frame() {
      byte[] frame = new byte[SIDE * SIDE - (SIDE - 2 * WIDTH) * (SIDE - 2 * WIDTH)];
      int next = 0;
      for (int row = 0; row < SIDE; row++) {
        for (int column = 0; column < SIDE; column++) {
          if (Math.min(Math.min(row, SIDE - 1 - row), Math.min(column, SIDE - 1 - column))
              < WIDTH) {
            frame[next++] = (byte) Math.round(cell(row, column));
          }
        }
      }
      return frame;
    }

    private double cell(int row, int column) {
      int top = row * height / SIDE;
      int left = column * width / SIDE;
      int bottom = Math.max(top + 1, (row + 1) * height / SIDE);
      int right = Math.max(left + 1, (column + 1) * width / SIDE);
      double sum = 0;
      for (int y = top; y < bottom; y++) {
        for (int x = left; x < right; x++) {
          sum += at(y, x);
        }
      }
      return sum / ((bottom - top) * (right - left));
    }
  }
}
