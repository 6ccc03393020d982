package io.github.deepxray.train;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.text.internal.Csv;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Probabilities of each image of a split, stored as a CSV file with the columns {@code
 * filename,label,slice,patient} and {@code probability_0}, {@code probability_1}, ... by label.
 *
 * @param rows one for each image, in the order of the shards
 */
public record Predictions(List<Row> rows) {
  private static final String PROBABILITY = "probability_";

  /** Copies the list. */
  public Predictions {
    rows = List.copyOf(rows);
  }

  /**
   * Image with its probabilities.
   *
   * @param example its class and its probabilities
   * @param slice its finer class, or the name of its class if the data set has no finer ones
   */
  public record Row(ScoredExample example, String slice) {}

  /** The name of a split's file. */
  public static String fileName(String split) {
    return "predictions-" + split + ".csv";
  }

  /** Returns the images without their slices. */
  public SplitScores scores() {
    return new SplitScores(rows.stream().map(Row::example).toList());
  }

  /** Columns before the probabilities. */
  private record Columns(String filename, int label, String slice, String patient) {}

  /**
   * Writes the file.
   *
   * @throws IOException if it cannot be written
   */
  public void write(Path file) throws IOException {
    write(file, Map.of());
  }

  /**
   * Writes the file with further columns, which {@link #read(Path)} ignores.
   *
   * @param columns for each name in order the value of each row
   * @throws IOException if it cannot be written
   */
  public void write(Path file, Map<String, List<String>> columns) throws IOException {
    StringBuilder text = new StringBuilder(Csv.header(Columns.class));
    int classes = scores().classes();
    for (int c = 0; c < classes; c++) {
      text.append(',').append(PROBABILITY).append(c);
    }
    columns.keySet().forEach(name -> text.append(',').append(name));
    text.append('\n');
    for (int i = 0; i < rows.size(); i++) {
      Row row = rows.get(i);
      ScoredExample e = row.example();
      String line = Csv.line(new Columns(e.id(), e.label(), row.slice(), e.patient()));
      text.append(line, 0, line.length() - 1);
      // Shortest decimals that are parsed to the same floats.
      e.scores().forEach(p -> text.append(',').append((float) (double) p));
      for (List<String> column : columns.values()) {
        text.append(',').append(column.get(i));
      }
      text.append('\n');
    }
    AtomicFiles.write(file, text.toString());
  }

  /**
   * Reads the file.
   *
   * @throws DeepXrayException if its format is wrong; the message names the image
   * @throws IOException if it cannot be read
   */
  public static Predictions read(Path file) throws IOException {
    List<Row> rows = new ArrayList<>();
    List<Map<String, String>> lines =
        Csv.rows(file, List.of("filename", "label", "slice", "patient"));
    if (!lines.isEmpty() && !lines.get(0).containsKey(PROBABILITY + 1)) {
      throw new DeepXrayException(
          file + " has no column " + PROBABILITY + "1; evaluate or export again.");
    }
    for (Map<String, String> row : lines) {
      String name = row.get("filename");
      try {
        rows.add(
            new Row(
                new ScoredExample(name, row.get("patient"), label(row), probabilities(row)),
                row.get("slice")));
      } catch (IllegalArgumentException e) {
        throw new DeepXrayException(file + ": " + name + ": " + e.getMessage() + ".", e);
      }
    }
    if (rows.stream().map(row -> row.example().scores().size()).distinct().count() > 1) {
      throw new DeepXrayException(file + ": the number of probabilities differs between lines.");
    }
    return new Predictions(rows);
  }

  private static int label(Map<String, String> row) {
    String text = row.get("label");
    if (!text.matches("[0-9]{1,4}")) {
      throw new IllegalArgumentException("the label is " + text + ", not a number");
    }
    return Integer.parseInt(text);
  }

  /**
   * Reads the file of an evaluation.
   *
   * @param metrics metrics of the same evaluation
   * @throws DeepXrayException if its format is wrong, or its classes differ from those of the
   *     metrics
   * @throws IOException if it cannot be read
   */
  public static Predictions read(Path file, ModelMetrics metrics) throws IOException {
    Predictions predictions = read(file);
    int classes = predictions.scores().classes();
    int expected = metrics.classes().size();
    if (classes != expected) {
      throw new DeepXrayException(
          "%s is of %s classes, %s of %s; evaluate or export again."
              .formatted(file, classes, ModelMetrics.FILE, expected));
    }
    return predictions;
  }

  /**
   * Returns the probabilities; of two classes, the network computes the second, and the first is
   * its rounded complement.
   */
  private static List<Double> probabilities(Map<String, String> row) {
    List<Double> probabilities = new ArrayList<>();
    for (int c = 0; row.containsKey(PROBABILITY + c); c++) {
      String text = row.get(PROBABILITY + c);
      try {
        probabilities.add((double) Float.parseFloat(text));
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException(PROBABILITY + c + " is " + text + ", not a number", e);
      }
    }
    if (probabilities.size() == 2) {
      probabilities.set(0, 1 - probabilities.get(1));
    }
    return probabilities;
  }
}
