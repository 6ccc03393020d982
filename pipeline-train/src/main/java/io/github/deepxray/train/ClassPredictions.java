package io.github.deepxray.train;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.io.AtomicFiles;
import io.github.deepxray.core.io.Csv;
import io.github.deepxray.core.metrics.ClassifiedExample;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.datasets.Slice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The probabilities of every image of a split for each of more than two classes, kept as a CSV file
 * with the columns {@code filename,label,slice,patient} and {@code probability_0}, {@code
 * probability_1}, ... by label. There are no finer classes: the slice is always {@code
 * unspecified}.
 *
 * @param examples one for each image, in the order of the shards
 */
public record ClassPredictions(List<ClassifiedExample> examples) {
  private static final String PROBABILITY = "probability_";

  /** Copies the list. */
  public ClassPredictions {
    examples = List.copyOf(examples);
  }

  /** The columns before the probabilities. */
  private record Line(String filename, int label, String slice, String patient) {}

  /**
   * Reads what a split's file holds, of two classes or more.
   *
   * @throws DeepXrayException if it is not one of these files; the message names the line or image
   * @throws IOException if it cannot be read
   */
  public static SplitScores scores(Path file) throws IOException {
    List<Map<String, String>> rows = Csv.rows(file, List.of("filename"));
    return rows.isEmpty() || rows.get(0).containsKey("probability")
        ? new SplitScores.TwoClass(Predictions.read(file).examples())
        : new SplitScores.Multiclass(read(file).examples());
  }

  /**
   * Writes the file.
   *
   * @throws IOException if it cannot be written
   */
  public void write(Path file) throws IOException {
    StringBuilder text = new StringBuilder(Csv.header(Line.class));
    int classes = examples.isEmpty() ? 0 : examples.get(0).probabilities().size();
    for (int c = 0; c < classes; c++) {
      text.append(',').append(PROBABILITY).append(c);
    }
    text.append('\n');
    for (ClassifiedExample e : examples) {
      String line = Csv.line(new Line(e.id(), e.label(), Slice.UNSPECIFIED.key(), e.patient()));
      text.append(line.stripTrailing());
      // The shortest decimals that are these floats, which the engine gave.
      e.probabilities().forEach(p -> text.append(',').append((float) (double) p));
      text.append('\n');
    }
    AtomicFiles.write(file, text.toString());
  }

  /**
   * Reads the file.
   *
   * @throws DeepXrayException if it is not one of these files; the message names the image
   * @throws IOException if it cannot be read
   */
  public static ClassPredictions read(Path file) throws IOException {
    List<ClassifiedExample> examples = new ArrayList<>();
    for (Map<String, String> row :
        Csv.rows(file, List.of("filename", "label", "patient", PROBABILITY + 0))) {
      String name = row.get("filename");
      try {
        List<Double> probabilities = new ArrayList<>();
        for (int c = 0; row.containsKey(PROBABILITY + c); c++) {
          probabilities.add((double) Float.parseFloat(row.get(PROBABILITY + c)));
        }
        examples.add(
            new ClassifiedExample(
                name, row.get("patient"), Integer.parseInt(row.get("label")), probabilities));
      } catch (IllegalArgumentException e) {
        throw new DeepXrayException(file + ": " + name + ": " + e.getMessage() + ".", e);
      }
    }
    if (examples.stream().map(e -> e.probabilities().size()).distinct().count() > 1) {
      throw new DeepXrayException(file + ": its lines have different numbers of probabilities.");
    }
    return new ClassPredictions(examples);
  }
}
