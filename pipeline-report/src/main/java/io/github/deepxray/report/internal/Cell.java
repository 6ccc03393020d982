package io.github.deepxray.report.internal;

import io.github.deepxray.report.Experiments.ModelSpeed;
import java.util.List;
import java.util.Optional;

/**
 * Cell of a {@link Table}.
 *
 * @param style CSS classes; empty for none
 * @param spans text of the cell
 * @param strip intervals to draw, if any
 */
record Cell(String style, List<Span> spans, Optional<IntervalStrip> strip) {
  Cell {
    spans = List.copyOf(spans);
  }

  static Cell of(String text) {
    return of("", text);
  }

  static Cell of(String style, String text) {
    return of(style, List.of(Span.plain(text)));
  }

  static Cell of(String style, List<Span> spans) {
    return new Cell(style, spans, Optional.empty());
  }

  static Cell of(IntervalStrip strip) {
    return new Cell("strip", List.of(), Optional.of(strip));
  }

  /** Returns a cell with a value and, unless empty, a remark below. */
  static Cell twoLines(String value, String remark) {
    return remark.isEmpty()
        ? of(value)
        : of("", List.of(Span.plain(value), Span.lineBreak(), Span.soft(remark)));
  }

  /**
   * Returns cells with milliseconds and speedup of a model; dashes if its speed was not measured.
   */
  static List<Cell> of(Optional<ModelSpeed> speed) {
    return List.of(
        of(speed.map(s -> Numbers.decimals(s.milliseconds(), 2)).orElse(Numbers.NONE)),
        of(
            speed
                .filter(s -> !Double.isNaN(s.speedup()))
                .map(s -> Numbers.decimals(s.speedup(), 2) + " ×")
                .orElse(Numbers.NONE)));
  }
}
