package io.github.deepxray.report.internal;

import io.github.deepxray.core.metrics.Interval;
import java.util.ArrayList;
import java.util.List;

/**
 * Chart of two intervals for a table cell.
 *
 * @param height height in pixels; the width is {@value #WIDTH}
 */
record IntervalStrip(int height, List<Shape> shapes) {
  static final int WIDTH = 200;
  private static final double MARGIN = 8;

  IntervalStrip {
    shapes = List.copyOf(shapes);
  }

  private static double px(double from, double to, double value) {
    double place = (Math.max(from, Math.min(to, value)) - from) / (to - from);
    return MARGIN + place * (WIDTH - 2 * MARGIN);
  }

  /** Returns the minimum of the scale for metrics: the decimal below the least value. */
  static double from(double least) {
    return Math.max(0, Math.floor(least * 10 - 1e-9) / 10);
  }

  /** Returns the scale for a table head. */
  static IntervalStrip scale(double from, double to) {
    List<Shape> shapes = new ArrayList<>();
    for (double value : new double[] {from, (from + to) / 2, to}) {
      String anchor = value == from ? "start" : value == to ? "end" : "middle";
      String label = Numbers.decimals(value, digits(from, to)).replace('-', '−');
      shapes.add(Shape.text("", px(from, to, value), 11, anchor, label));
    }
    return new IntervalStrip(14, shapes);
  }

  /** Returns the number of decimals with which both ends and the middle are exact. */
  private static int digits(double from, double to) {
    double half = 1e4 * (to - from) / 2;
    int digits = 4;
    while (digits > 2 && Math.abs(half / 10 - Math.rint(half / 10)) < 1e-6) {
      half /= 10;
      digits--;
    }
    return digits;
  }

  /** Returns a strip with the test interval above and the validation interval below. */
  static IntervalStrip of(double from, double to, Interval test, Interval validation) {
    List<Shape> shapes = new ArrayList<>();
    for (double value : new double[] {from, (from + to) / 2, to}) {
      shapes.add(Shape.line("grid", px(from, to, value), 0, px(from, to, value), 20));
    }
    shapes.addAll(interval("test", from, to, test, 6));
    shapes.addAll(interval("validation", from, to, validation, 15));
    return new IntervalStrip(20, shapes);
  }

  private static List<Shape> interval(
      String style, double from, double to, Interval interval, double y) {
    List<Shape> shapes = new ArrayList<>();
    if (!Double.isNaN(interval.low() + interval.high() + interval.value())) {
      shapes.add(
          Shape.line(
              "whisker " + style,
              px(from, to, interval.low()),
              y,
              px(from, to, interval.high()),
              y));
    }
    if (!Double.isNaN(interval.value())) {
      shapes.add(Shape.circle("dot " + style, px(from, to, interval.value()), y));
    }
    return shapes;
  }
}
