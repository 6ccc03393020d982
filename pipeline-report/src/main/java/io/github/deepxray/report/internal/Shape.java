package io.github.deepxray.report.internal;

/** Shape of an SVG picture. Styles are CSS classes, coordinates are pixels. */
sealed interface Shape {
  /** A straight line. */
  record Line(String style, String x1, String y1, String x2, String y2) implements Shape {}

  /** Text; the anchor is its alignment at the position. */
  record Text(String style, String x, String y, String anchor, String text) implements Shape {}

  /** Vertical text, from bottom to top. */
  record Upright(String style, String x, String y, String text) implements Shape {}

  /** A line through points. */
  record Polyline(String style, String points) implements Shape {}

  /** An area between points. */
  record Polygon(String style, String points) implements Shape {}

  /** Circle with a title, which browsers show as a tooltip. */
  record Mark(String style, String x, String y, String title) implements Shape {}

  /** A circle. */
  record Circle(String style, String x, String y) implements Shape {}

  /** A rectangle. */
  record Rect(String style, String x, String y, String width, String height) implements Shape {}

  static Shape line(String style, double x1, double y1, double x2, double y2) {
    return new Line(style, px(x1), px(y1), px(x2), px(y2));
  }

  static Shape text(String style, double x, double y, String anchor, String text) {
    return new Text(style, px(x), px(y), anchor, text);
  }

  static Shape circle(String style, double x, double y) {
    return new Circle(style, px(x), px(y));
  }

  static Shape rect(String style, double x, double y, double width, double height) {
    return new Rect(style, px(x), px(y), px(width), px(height));
  }

  private static String px(double value) {
    return Numbers.coordinate(value);
  }
}
