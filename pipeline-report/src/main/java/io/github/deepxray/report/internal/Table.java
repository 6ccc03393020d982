package io.github.deepxray.report.internal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** A table that can be moved sideways where the page is narrow. */
final class Table {
  private final String caption;
  private final List<Cell> heads;
  private final List<List<Cell>> rows = new ArrayList<>();

  private Table(String caption, List<Cell> heads) {
    this.caption = caption;
    this.heads = List.copyOf(heads);
  }

  /**
   * A table without rows.
   *
   * @param caption what it shows
   * @param heads of the columns
   */
  static Table of(String caption, String... heads) {
    return of(caption, Arrays.stream(heads).map(Cell::of).toList());
  }

  /** The same with heads that are more than text. */
  static Table of(String caption, List<Cell> heads) {
    return new Table(caption, heads);
  }

  /** Adds a row of texts; the first says what it is about. */
  Table row(String... cells) {
    return row(Arrays.stream(cells).map(Cell::of).toList());
  }

  /** Adds a row; the first cell says what it is about. */
  Table row(List<Cell> cells) {
    if (cells.size() != heads.size()) {
      throw new IllegalArgumentException(cells.size() + " cells under " + heads.size() + " heads");
    }
    rows.add(List.copyOf(cells));
    return this;
  }

  /** What it shows. */
  String caption() {
    return caption;
  }

  /** What stands above the columns. */
  List<Cell> heads() {
    return heads;
  }

  /** The rows, the cell that says what a row is about first. */
  List<List<Cell>> rows() {
    return Collections.unmodifiableList(rows);
  }
}
