package io.github.deepxray.datasets;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.internal.image.GreyStatistics;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.text.internal.Csv;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Simple statistics of an image as the input of a network, for the detection of drift. The files
 * {@code inputs-validation.csv} and {@code inputs-test.csv} of a data set have those of a split.
 *
 * @param height the height of the source's image in pixels
 * @param width the width of the source's image in pixels
 * @param brightness the mean grey value of the network's input, 0..255
 * @param contrast the standard deviation of its grey values, 0..127.5
 */
public record InputStatistics(int height, int width, double brightness, double contrast) {
  private static final String FILENAME = "filename";
  private static final List<String> COLUMNS =
      List.of(FILENAME, "height", "width", "brightness", "contrast");

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
    GreyStatistics grey = GreyStatistics.of(input);
    return new InputStatistics(
        original.height(), original.width(), grey.brightness(), grey.contrast());
  }

  /** Ratio of width to height. */
  public double aspectRatio() {
    return (double) width / height;
  }

  /** Side in pixels of a square with as many pixels. */
  public double side() {
    return Math.sqrt((double) height * width);
  }

  /** Name of the file with the statistics of a split, a line for each image. */
  public static String fileName(Split split) {
    return "inputs-" + split.key() + ".csv";
  }

  /** Writes the file of a split; the keys are file names. */
  static void write(Path folder, Split split, Map<String, InputStatistics> byImage)
      throws IOException {
    StringBuilder text = new StringBuilder(Csv.line(COLUMNS));
    byImage.forEach(
        (image, of) ->
            text.append(
                Csv.line(
                    List.of(
                        image,
                        String.valueOf(of.height),
                        String.valueOf(of.width),
                        String.format(Locale.ROOT, "%.3f", of.brightness),
                        String.format(Locale.ROOT, "%.3f", of.contrast)))));
    AtomicFiles.write(folder.resolve(fileName(split)), text.toString());
  }

  /**
   * Reads the file of a split in a data set or bundle; empty if an earlier build wrote the folder,
   * without this file.
   *
   * @return the statistics by file name
   * @throws DeepXrayException if the file is damaged; the message names the image
   * @throws IOException if it cannot be read
   */
  public static Map<String, InputStatistics> read(Path folder, Split split) throws IOException {
    Path file = folder.resolve(fileName(split));
    Map<String, InputStatistics> byImage = new LinkedHashMap<>();
    if (Files.isRegularFile(file)) {
      for (Map<String, String> row : Csv.rows(file, COLUMNS)) {
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
