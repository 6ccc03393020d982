package io.github.deepxray.report.internal;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Markdown table of a model card.
 *
 * @param heads column heads
 * @param alignment alignment row below the heads
 */
record CardTable(List<String> heads, List<String> alignment, List<List<String>> rows) {
  CardTable {
    heads = escaped(heads);
    rows = rows.stream().map(CardTable::escaped).toList();
  }

  /** Creates a table of texts. */
  static CardTable of(List<String> heads, List<List<String>> rows) {
    return new CardTable(heads, Collections.nCopies(heads.size(), "---"), rows);
  }

  /** Creates a table of numbers whose first columns are text. */
  static CardTable ofNumbers(int texts, List<String> heads, List<List<String>> rows) {
    List<String> alignment = new ArrayList<>(Collections.nCopies(texts, "---"));
    alignment.addAll(Collections.nCopies(heads.size() - texts, "---:"));
    return new CardTable(heads, alignment, rows);
  }

  private static List<String> escaped(List<String> cells) {
    return cells.stream().map(cell -> cell.replace("|", "\\|")).toList();
  }
}
