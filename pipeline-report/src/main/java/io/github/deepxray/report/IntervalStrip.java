package io.github.deepxray.report;

import io.github.deepxray.core.metrics.Interval;

/** Two intervals on a line, for a cell of a table whose other cells have the numbers. */
final class IntervalStrip {
  private static final double WIDTH = 200;
  private static final double MARGIN = 8;

  private IntervalStrip() {}

  private static double px(double from, double to, double value) {
    double place = (Math.max(from, Math.min(to, value)) - from) / (to - from);
    return MARGIN + place * (WIDTH - 2 * MARGIN);
  }

  private static Html begin(int height) {
    return new Html()
        .open(
            "svg",
            "class",
            "strip",
            "viewBox",
            "0 0 " + Numbers.coordinate(WIDTH) + " " + height,
            "aria-hidden",
            "true");
  }

  /** Where the strips below begin and end. */
  static Html scale(double from, double to) {
    Html svg = begin(14);
    for (double value : new double[] {from, (from + to) / 2, to}) {
      svg.element(
          "text",
          Numbers.decimals(value, digits(from, to)).replace('-', '−'),
          "x",
          Numbers.coordinate(px(from, to, value)),
          "y",
          "11",
          "text-anchor",
          value == from ? "start" : value == to ? "end" : "middle");
    }
    return svg.close();
  }

  /** So many that the ends and the middle are labelled with what they are. */
  private static int digits(double from, double to) {
    double half = 1e4 * (to - from) / 2;
    int digits = 4;
    while (digits > 2 && Math.abs(half / 10 - Math.rint(half / 10)) < 1e-6) {
      half /= 10;
      digits--;
    }
    return digits;
  }

  /** The test interval above, the validation interval below. */
  static Html html(double from, double to, Interval test, Interval validation) {
    Html svg = begin(20);
    for (double value : new double[] {from, (from + to) / 2, to}) {
      Chart.segment(svg, "grid", px(from, to, value), 0, px(from, to, value), 20);
    }
    interval(svg, "test", from, to, test, 6);
    interval(svg, "validation", from, to, validation, 15);
    return svg.close();
  }

  private static void interval(
      Html svg, String style, double from, double to, Interval interval, double y) {
    if (Double.isNaN(interval.value())) {
      return;
    }
    if (!Double.isNaN(interval.low() + interval.high())) {
      Chart.segment(
          svg,
          "whisker " + style,
          px(from, to, interval.low()),
          y,
          px(from, to, interval.high()),
          y);
    }
    svg.empty(
        "circle",
        "class",
        "dot " + style,
        "cx",
        Numbers.coordinate(px(from, to, interval.value())),
        "cy",
        Numbers.coordinate(y),
        "r",
        "3.5");
  }
}
