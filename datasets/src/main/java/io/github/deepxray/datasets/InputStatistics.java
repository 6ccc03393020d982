package io.github.deepxray.datasets;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.text.internal.Csv;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Simple statistics of an image as the input of a network, for the detection of drift. The file
 * {@value #FILE} of a data set or bundle has those of the test images.
 *
 * @param height the height of the source's image in pixels
 * @param width the width of the source's image in pixels
 * @param brightness the mean grey value of the network's input, 0..255
 * @param contrast the standard deviation of its grey values, 0..127.5
 */
public record InputStatistics(int height, int width, double brightness, double contrast) {
  /** File of the statistics of the test images, a line each. */
  public static final String FILE = "inputs-test.csv";

  private static final String FILENAME = "filename";

  /** Checks the ranges. */
  public InputStatistics {
    if (height < 1
        || width < 1
        || !(brightness >= 0 && brightness <= 255)
        || !(contrast >= 0 && contrast <= 128)) {
      throw new IllegalArgumentException(
          "%s x %s, brightness %s, contrast %s".formatted(height, width, brightness, contrast));
    }
  }

  /**
   * Measures an image.
   *
   * @param original the image of the source
   * @param input the same image as the network's input
   */
  public static InputStatistics of(RgbImage original, RgbImage input) {
    byte[] rgb = input.toBytes();
    long sum = 0;
    double squares = 0;
    for (int i = 0; i < rgb.length; i += 3) {
      int grey = (rgb[i] & 0xff) + (rgb[i + 1] & 0xff) + (rgb[i + 2] & 0xff);
      sum += grey;
      squares += (double) grey * grey;
    }
    double mean = 3.0 * sum / rgb.length;
    double variance = Math.max(0, 3 * squares / rgb.length - mean * mean);
    return new InputStatistics(
        original.height(), original.width(), rounded(mean / 3), rounded(Math.sqrt(variance) / 3));
  }

  /** Rounds as files do, so that equal images have equal values. */
  private static double rounded(double value) {
    return Math.rint(value * 1000) / 1000;
  }

  /** Ratio of width to height. */
  public double aspectRatio() {
    return (double) width / height;
  }

  /** Side in pixels of a square with as many pixels. */
  public double side() {
    return Math.sqrt((double) height * width);
  }

  /** Writes {@value #FILE}; the keys are file names. */
  static void write(Path folder, Map<String, InputStatistics> byImage) throws IOException {
    List<Map<String, String>> rows = new ArrayList<>();
    byImage.forEach(
        (image, of) -> {
          Map<String, String> row = new LinkedHashMap<>();
          row.put(FILENAME, image);
          row.put("height", String.valueOf(of.height));
          row.put("width", String.valueOf(of.width));
          row.put("brightness", String.format(Locale.ROOT, "%.3f", of.brightness));
          row.put("contrast", String.format(Locale.ROOT, "%.3f", of.contrast));
          rows.add(row);
        });
    AtomicFiles.write(folder.resolve(FILE), Csv.table(rows));
  }

  /**
   * Reads {@value #FILE} of a data set or bundle; empty if an earlier build wrote the folder,
   * without this file.
   *
   * @return the statistics by file name
   * @throws DeepXrayException if the file is damaged; the message names the image
   * @throws IOException if it cannot be read
   */
  public static Map<String, InputStatistics> read(Path folder) throws IOException {
    Path file = folder.resolve(FILE);
    Map<String, InputStatistics> byImage = new LinkedHashMap<>();
    if (Files.isRegularFile(file)) {
      for (Map<String, String> row :
          Csv.rows(file, List.of(FILENAME, "height", "width", "brightness", "contrast"))) {
        try {
          byImage.put(
              row.get(FILENAME),
              new InputStatistics(
                  Integer.parseInt(row.get("height")),
                  Integer.parseInt(row.get("width")),
                  Double.parseDouble(row.get("brightness")),
                  Double.parseDouble(row.get("contrast"))));
        } catch (IllegalArgumentException e) {
          throw new DeepXrayException(
              "%s: the numbers of %s are out of range; export again."
                  .formatted(file, row.get(FILENAME)),
              e);
        }
      }
    }
    return byImage;
  }
}
