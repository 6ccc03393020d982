package io.github.deepxray.train;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.io.Csv;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.train.embedding.Embeddings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The probability of every image of a split, kept as a CSV file with the columns {@code
 * filename,label,slice,patient,probability}.
 *
 * @param rows one for each image, in the order of the shards
 */
public record Predictions(List<Row> rows) {
  /** Copies the list. */
  public Predictions {
    rows = List.copyOf(rows);
  }

  /**
   * An image.
   *
   * @param slice the key of its finer class, or the name of its class where there are none
   */
  public record Row(ScoredExample example, String slice) {}

  /** The name of a split's file. */
  public static String fileName(String split) {
    return "predictions-" + split + ".csv";
  }

  static Predictions of(Embeddings embeddings, List<ScoredExample> scored) {
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < scored.size(); i++) {
      rows.add(new Row(scored.get(i), embeddings.images().get(i).slice()));
    }
    return new Predictions(rows);
  }

  /** The images without their slices. */
  public List<ScoredExample> examples() {
    return rows.stream().map(Row::example).toList();
  }

  /** A line of the file. */
  private record Line(
      String filename, int label, String slice, String patient, float probability) {}

  /**
   * Writes the file.
   *
   * @throws IOException if it cannot be written
   */
  public void write(Path file) throws IOException {
    List<Line> lines =
        rows.stream()
            .map(
                row ->
                    new Line(
                        row.example().id(),
                        row.example().positive() ? 1 : 0,
                        row.slice(),
                        row.example().patient(),
                        (float) row.example().probability()))
            .toList();
    Csv.write(file, Line.class, lines);
  }

  /**
   * Reads the file.
   *
   * @throws DeepXrayException if it is not one of these files; the message names the line or image
   * @throws IOException if it cannot be read
   */
  public static Predictions read(Path file) throws IOException {
    List<Row> rows = new ArrayList<>();
    for (Line line : Csv.read(file, Line.class)) {
      if (line.label != 0 && line.label != 1) {
        throw new DeepXrayException(
            file + ": the label of " + line.filename + " is " + line.label + ", not 0 or 1.");
      }
      if (!(line.probability >= 0 && line.probability <= 1)) {
        throw new DeepXrayException(
            file + ": the probability of " + line.filename + " is " + line.probability + ".");
      }
      rows.add(
          new Row(
              new ScoredExample(line.filename, line.patient, line.label == 1, line.probability),
              line.slice));
    }
    return new Predictions(rows);
  }
}
