package io.github.deepxray.report.internal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** Table with horizontal scrolling on narrow pages. */
final class Table {
  private final String caption;
  private final List<Cell> heads;
  private final List<List<Cell>> rows = new ArrayList<>();

  private Table(String caption, List<Cell> heads) {
    this.caption = caption;
    this.heads = List.copyOf(heads);
  }

  /**
   * Creates a table without rows.
   *
   * @param caption caption
   * @param heads column heads
   */
  static Table of(String caption, String... heads) {
    return of(caption, Arrays.stream(heads).map(Cell::of).toList());
  }

  /** Creates a table without rows, with cells as heads. */
  static Table of(String caption, List<Cell> heads) {
    return new Table(caption, heads);
  }

  /** Adds a row of texts; the first is the row head. */
  Table row(String... cells) {
    return row(Arrays.stream(cells).map(Cell::of).toList());
  }

  /** Adds a row; the first cell is the row head. */
  Table row(List<Cell> cells) {
    if (cells.size() != heads.size()) {
      throw new IllegalArgumentException(cells.size() + " cells under " + heads.size() + " heads");
    }
    rows.add(List.copyOf(cells));
    return this;
  }

  /** Caption. */
  String caption() {
    return caption;
  }

  /** Column heads. */
  List<Cell> heads() {
    return heads;
  }

  /** Rows, each with the row head first. */
  List<List<Cell>> rows() {
    return Collections.unmodifiableList(rows);
  }
}
