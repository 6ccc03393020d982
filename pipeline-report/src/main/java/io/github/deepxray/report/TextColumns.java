package io.github.deepxray.report;

import java.util.ArrayList;
import java.util.List;

/** Text tables with left-aligned columns. */
final class TextColumns {
  private TextColumns() {}

  /** Returns a line for each row, with columns as wide as their widest cell. */
  static List<String> of(List<List<String>> rows) {
    List<String> lines = new ArrayList<>();
    for (List<String> row : rows) {
      StringBuilder cells = new StringBuilder();
      for (int c = 0; c < row.size(); c++) {
        int column = c;
        int width = rows.stream().mapToInt(r -> r.get(column).length()).max().orElse(0);
        cells.append("  ").append(row.get(c)).append(" ".repeat(width - row.get(c).length()));
      }
      lines.add(cells.toString().stripTrailing());
    }
    return lines;
  }
}
