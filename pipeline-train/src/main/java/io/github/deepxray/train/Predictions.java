package io.github.deepxray.train;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.io.AtomicFiles;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.train.embedding.Embeddings;
import java.io.IOException;
import java.nio.file.Files;
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
  private static final String HEADER = "filename,label,slice,patient,probability";

  /** Copies the list. */
  public Predictions {
    rows = List.copyOf(rows);
  }

  /**
   * An image.
   *
   * @param slice {@code normal}, {@code bacterial}, {@code viral} or {@code unspecified}
   */
  public record Row(ScoredExample example, String slice) {}

  /** The name of a split's file. */
  public static String fileName(String split) {
    return "predictions-" + split + ".csv";
  }

  static Predictions of(Embeddings embeddings, List<ScoredExample> scored) {
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < scored.size(); i++) {
      rows.add(new Row(scored.get(i), embeddings.images().get(i).slice().key()));
    }
    return new Predictions(rows);
  }

  /** The images without their slices. */
  public List<ScoredExample> examples() {
    return rows.stream().map(Row::example).toList();
  }

  /**
   * Writes the file.
   *
   * @throws IOException if it cannot be written
   */
  public void write(Path file) throws IOException {
    StringBuilder text = new StringBuilder(HEADER).append('\n');
    for (Row row : rows) {
      ScoredExample e = row.example();
      text.append(quoted(e.id()))
          .append(',')
          .append(e.positive() ? 1 : 0)
          .append(',')
          .append(row.slice())
          .append(',')
          .append(quoted(e.patient()))
          .append(',')
          .append((float) e.probability())
          .append('\n');
    }
    AtomicFiles.write(file, text.toString());
  }

  private static String quoted(String field) {
    return field.matches("[^,\"\r\n]*") ? field : '"' + field.replace("\"", "\"\"") + '"';
  }

  /**
   * Reads the file.
   *
   * @throws DeepXrayException if it is not one of these files; the message names the line
   * @throws IOException if it cannot be read
   */
  public static Predictions read(Path file) throws IOException {
    List<String> lines = Files.readAllLines(file);
    if (lines.isEmpty() || !lines.get(0).equals(HEADER)) {
      throw new DeepXrayException(file + " does not begin with the line " + HEADER + ".");
    }
    List<Row> rows = new ArrayList<>();
    for (int i = 1; i < lines.size(); i++) {
      List<String> fields = fields(lines.get(i));
      try {
        rows.add(
            new Row(
                new ScoredExample(
                    fields.get(0),
                    fields.get(3),
                    Integer.parseInt(fields.get(1)) == 1,
                    Float.parseFloat(fields.get(4))),
                fields.get(2)));
      } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
        throw new DeepXrayException(
            file + ", line " + (i + 1) + ": this is no prediction: " + lines.get(i), e);
      }
    }
    return new Predictions(rows);
  }

  private static List<String> fields(String line) {
    List<String> fields = new ArrayList<>();
    StringBuilder field = new StringBuilder();
    boolean inQuotes = false;
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (c == '"') {
        if (inQuotes && i + 1 < line.length() && line.charAt(i + 1) == '"') {
          field.append(c);
          i++;
        } else {
          inQuotes = !inQuotes;
        }
      } else if (c == ',' && !inQuotes) {
        fields.add(field.toString());
        field.setLength(0);
      } else {
        field.append(c);
      }
    }
    fields.add(field.toString());
    return fields;
  }
}
