package io.github.deepxray.text.internal;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.RuntimeJsonMappingException;
import com.fasterxml.jackson.dataformat.csv.CsvGenerator;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.csv.CsvParser;
import com.fasterxml.jackson.dataformat.csv.CsvSchema;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.TextFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * CSV (RFC 4180, but with {@code \n}): a header with the column names, then one row per line,
 * quoted only if needed.
 */
public final class Csv {
  private static final CsvMapper MAPPER =
      CsvMapper.builder()
          .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
          .enable(CsvGenerator.Feature.STRICT_CHECK_FOR_QUOTING)
          .enable(CsvParser.Feature.FAIL_ON_MISSING_COLUMNS)
          .build();

  /** Largest size of a file in MiB: a line for each of some million images. */
  private static final int LARGEST = 1 << 10;

  private Csv() {}

  /** Header line, without a line break. */
  public static String header(Class<? extends Record> type) {
    StringBuilder names = new StringBuilder();
    for (CsvSchema.Column column : MAPPER.schemaFor(type)) {
      names.append(names.isEmpty() ? "" : ",").append(column.getName());
    }
    return names.toString();
  }

  /** Formats cells as a line with its line break. */
  public static String line(List<String> cells) {
    try {
      return MAPPER.writer(CsvSchema.emptySchema()).writeValueAsString(cells);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("cannot write CSV", e);
    }
  }

  /** Formats a record as a line with its line break. */
  public static String line(Record row) {
    try {
      return MAPPER.writer(MAPPER.schemaFor(row.getClass())).writeValueAsString(row);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("cannot write " + row.getClass() + " as CSV", e);
    }
  }

  /**
   * Formats rows as a file's content.
   *
   * @param rows a map from column to value for each line, all with the columns of the first
   */
  public static String table(List<Map<String, String>> rows) {
    CsvSchema.Builder columns = CsvSchema.builder();
    rows.stream().limit(1).forEach(row -> row.keySet().forEach(columns::addColumn));
    try {
      return MAPPER.writer(columns.build().withHeader()).writeValueAsString(rows);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("cannot write CSV", e);
    }
  }

  /**
   * Reads a file of any columns as text, a map from column to value for each line; empty lines are
   * skipped. If the header has no comma, the separator may be a semicolon or a tab, as in
   * spreadsheets.
   *
   * @param required the required columns
   * @throws DeepXrayException if a required column is missing or the file is malformed; the message
   *     names the line
   * @throws IOException if the file cannot be read
   */
  public static List<Map<String, String>> rows(Path file, List<String> required)
      throws IOException {
    String text = TextFiles.read(file, LARGEST);
    if (text.isBlank()) {
      throw new DeepXrayException(file + " is empty; begin it with a header line of column names.");
    }
    CsvSchema schema = CsvSchema.emptySchema().withHeader().withColumnSeparator(separator(text));
    try (MappingIterator<Map<String, String>> rows =
        MAPPER
            .readerForMapOf(String.class)
            .with(schema)
            .with(CsvParser.Feature.SKIP_EMPTY_LINES)
            .readValues(text)) {
      List<Map<String, String>> all;
      try {
        all = rows.readAll();
      } catch (JsonProcessingException | RuntimeJsonMappingException e) {
        throw malformed(file, rows.getCurrentLocation().getLineNr(), e);
      }
      CsvSchema found = (CsvSchema) rows.getParserSchema();
      for (String column : required) {
        if (found.column(column) == null) {
          throw new DeepXrayException(
              file + ": its header has no column " + column + "; name the columns there.");
        }
      }
      return all;
    } catch (JsonProcessingException e) {
      throw malformed(file, 1, e);
    }
  }

  private static char separator(String text) {
    String first = text.lines().findFirst().orElse("");
    return first.contains(",")
        ? ','
        : first.contains(";") ? ';' : first.contains("\t") ? '\t' : ',';
  }

  private static DeepXrayException malformed(Path file, int reached, Exception wrapped) {
    Throwable e = wrapped instanceof RuntimeJsonMappingException ? wrapped.getCause() : wrapped;
    int line = reached;
    if (e instanceof JsonProcessingException parsing && parsing.getLocation() != null) {
      // Line of the error; the parser may already be on the next line.
      line = parsing.getLocation().getLineNr();
    }
    return new DeepXrayException(
        "%s, line %s: it does not have the columns of the header, separated by commas."
            .formatted(file, line),
        wrapped);
  }
}
