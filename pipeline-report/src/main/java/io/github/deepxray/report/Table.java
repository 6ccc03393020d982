package io.github.deepxray.report;

import java.util.Arrays;
import java.util.List;

/** A table that can be moved sideways where the page is narrow. */
final class Table {
  private final Html html = new Html();
  private final int columns;

  private Table(int columns) {
    this.columns = columns;
  }

  /**
   * A cell.
   *
   * @param style a class of the style sheet; empty for none
   */
  record Cell(String style, Html content) {
    static Cell of(String text) {
      return new Cell("", new Html().text(text));
    }

    static Cell of(String style, String text) {
      return new Cell(style, new Html().text(text));
    }
  }

  /**
   * A table.
   *
   * @param caption what it shows
   * @param heads of the columns
   */
  static Table of(String caption, String... heads) {
    return of(caption, Arrays.stream(heads).map(Cell::of).toList());
  }

  /** The same with heads that are more than text. */
  static Table of(String caption, List<Cell> heads) {
    Table table = new Table(heads.size());
    table.html.open(
        "div", "class", "scroll", "tabindex", "0", "role", "group", "aria-label", caption);
    table.html.open("table").open("caption").element("span", caption).close();
    table.html.open("thead").open("tr");
    for (Cell head : heads) {
      table.cell("th", head, "col");
    }
    table.html.close().close().open("tbody");
    return table;
  }

  private void cell(String element, Cell cell, String scope) {
    if (cell.style.isEmpty()) {
      html.open(element, "scope", scope);
    } else {
      html.open(element, "scope", scope, "class", cell.style);
    }
    html.add(cell.content).close();
  }

  /** A row of texts; the first says what it is about. */
  Table row(String... cells) {
    return row(Arrays.stream(cells).map(Cell::of).toList());
  }

  /** A row; the first cell says what it is about. */
  Table row(List<Cell> cells) {
    if (cells.size() != columns) {
      throw new IllegalArgumentException(cells.size() + " cells under " + columns + " heads");
    }
    html.open("tr");
    cell("th", cells.get(0), "row");
    for (Cell cell : cells.subList(1, cells.size())) {
      if (cell.style.isEmpty()) {
        html.open("td");
      } else {
        html.open("td", "class", cell.style);
      }
      html.add(cell.content).close();
    }
    html.close();
    return this;
  }

  /** The table. */
  Html html() {
    return html.close().close().close();
  }
}
