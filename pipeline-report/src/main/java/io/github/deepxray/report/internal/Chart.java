package io.github.deepxray.report.internal;

import io.github.deepxray.core.metrics.Interval;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Chart with two axes as inline SVG. Colours and strokes come from CSS classes of the page, for
 * light, dark and print; styles differ in dashes or shapes as well as in colour. NaN values are
 * omitted.
 */
final class Chart {
  private static final double WIDTH = 440;
  private static final double LEFT = 58;
  private static final double TOP = 10;
  private static final double BOTTOM = 40;
  private static final double LINE = 15;

  /** Minimum distance in pixels between points of a line; nearer points are omitted. */
  private static final double VISIBLE = 0.3;

  private final String id;
  private final String title;
  private final String description;
  private final Axis x;
  private final Axis y;
  private final double height;
  private final double right;
  private final List<Shape> marks = new ArrayList<>();
  private final List<End> ends = new ArrayList<>();

  /** Point in the units of the axes. */
  record Point(double x, double y) {}

  /** Vertical range at a horizontal position. */
  record Range(double x, Interval y) {}

  /** Label at the end of a line. */
  private record End(String style, double y, String text) {}

  private Chart(
      String id, String title, String description, Axis x, Axis y, double height, double right) {
    this.id = id;
    this.title = title;
    this.description = description;
    this.x = x;
    this.y = y;
    this.height = height;
    this.right = right;
  }

  /**
   * Creates a chart.
   *
   * @param id identifier, unique on the page
   * @param title title for screen readers
   * @param description description for screen readers
   */
  static Chart of(String id, String title, String description, Axis x, Axis y, double height) {
    return new Chart(id, title, description, x, y, height, 12);
  }

  /** Creates a chart with space at the right for line labels. */
  static Chart withEnds(
      String id, String title, String description, Axis x, Axis y, double height) {
    return new Chart(id, title, description, x, y, height, 96);
  }

  private double px(double value) {
    return LEFT + x.place(value) * (WIDTH - LEFT - right);
  }

  private double py(double value) {
    return TOP + (1 - y.place(value)) * (height - TOP - BOTTOM);
  }

  private static String at(double px, double py) {
    return Numbers.coordinate(px) + "," + Numbers.coordinate(py);
  }

  private static boolean defined(Point point) {
    return !Double.isNaN(point.x) && !Double.isNaN(point.y);
  }

  /** Adds a band between the ends of intervals. */
  Chart band(String style, List<Range> ranges) {
    List<Range> defined =
        ranges.stream().filter(r -> !Double.isNaN(r.y.low() + r.y.high())).toList();
    if (defined.isEmpty()) {
      return this;
    }
    StringBuilder points = new StringBuilder();
    defined.forEach(r -> points.append(at(px(r.x), py(r.y.high()))).append(' '));
    for (int i = defined.size() - 1; i >= 0; i--) {
      Range r = defined.get(i);
      points.append(at(px(r.x), py(r.y.low()))).append(' ');
    }
    marks.add(new Shape.Polygon("band " + style, points.toString().strip()));
    return this;
  }

  /** Adds a line through points. */
  Chart line(String style, List<Point> points) {
    StringBuilder text = new StringBuilder();
    double lastX = Double.NaN;
    double lastY = Double.NaN;
    List<Point> defined = points.stream().filter(Chart::defined).toList();
    for (int i = 0; i < defined.size(); i++) {
      double px = px(defined.get(i).x);
      double py = py(defined.get(i).y);
      boolean seen = !(Math.abs(px - lastX) < VISIBLE && Math.abs(py - lastY) < VISIBLE);
      if (seen || i + 1 == defined.size()) {
        text.append(at(px, py)).append(' ');
        lastX = px;
        lastY = py;
      }
    }
    if (!text.isEmpty()) {
      marks.add(new Shape.Polyline("line " + style, text.toString().strip()));
    }
    return this;
  }

  /** Adds a line through points with a label at its end. */
  Chart named(String style, String name, List<Point> points) {
    line(style, points);
    points.stream()
        .filter(Chart::defined)
        .reduce((first, second) -> second)
        .ifPresent(
            last -> {
              dot(style, last);
              ends.add(new End(style, py(last.y), name));
            });
    return this;
  }

  /** Adds a dot. */
  Chart dot(String style, Point point) {
    if (defined(point)) {
      marks.add(Shape.circle("dot " + style, px(point.x), py(point.y)));
    }
    return this;
  }

  /** Adds a vertical line between the ends of an interval. */
  Chart whisker(String style, Range range) {
    if (!Double.isNaN(range.y.low() + range.y.high())) {
      segment("whisker " + style, px(range.x), py(range.y.low()), px(range.x), py(range.y.high()));
    }
    return this;
  }

  /** Adds a bar from the bottom. */
  Chart bar(String style, double from, double to, double value) {
    if (value > 0) {
      marks.add(
          Shape.rect(
              "bar " + style,
              px(from) + 0.5,
              py(value),
              px(to) - px(from) - 1,
              py(y.min()) - py(value)));
    }
    return this;
  }

  /** Adds a dashed line between two points. */
  Chart diagonal(Point from, Point to) {
    segment("rule", px(from.x), py(from.y), px(to.x), py(to.y));
    return this;
  }

  /** Adds a dashed vertical line with a label at its upper end, unless the label is empty. */
  Chart vertical(double value, String name) {
    segment("rule", px(value), py(y.min()), px(value), py(y.max()));
    boolean left = x.place(value) > 0.5;
    if (name.isEmpty()) {
      return this;
    }
    text("soft", px(value) + (left ? -4 : 4), TOP + 10, left ? "end" : "start", name);
    return this;
  }

  /**
   * Adds a legend.
   *
   * @param at position of the first entry
   * @param entries alternating style and text
   */
  Chart key(Point at, String... entries) {
    double left = px(at.x);
    double top = py(at.y);
    for (int i = 0; i < entries.length; i += 2) {
      double middle = top + i * LINE / 2;
      segment("line " + entries[i], left, middle, left + 22, middle);
      text("", left + 28, middle + 4, "start", entries[i + 1]);
    }
    return this;
  }

  private void segment(String style, double x1, double y1, double x2, double y2) {
    marks.add(Shape.line(style, x1, y1, x2, y2));
  }

  private void text(String style, double px, double py, String anchor, String text) {
    marks.add(Shape.text(style, px, py, anchor, text));
  }

  /** Returns the chart as SVG. */
  Svg svg() {
    List<Shape> shapes = new ArrayList<>(axes());
    shapes.addAll(marks);
    shapes.addAll(names());
    return new Svg(
        id,
        "chart",
        Numbers.coordinate(WIDTH),
        Numbers.coordinate(height),
        title,
        description,
        shapes);
  }

  private List<Shape> axes() {
    List<Shape> shapes = new ArrayList<>();
    double bottom = height - BOTTOM;
    for (double tick : y.ticks()) {
      String style = tick == y.min() ? "axis" : "grid";
      shapes.add(Shape.line(style, LEFT, py(tick), WIDTH - right, py(tick)));
      shapes.add(Shape.text("", LEFT - 6, py(tick) + 4, "end", y.label(tick)));
    }
    for (double tick : x.ticks()) {
      shapes.add(Shape.line("axis", px(tick), bottom, px(tick), bottom + 4));
      shapes.add(Shape.text("", px(tick), bottom + 16, "middle", x.label(tick)));
    }
    shapes.add(Shape.text("name", (LEFT + WIDTH - right) / 2, height - 6, "middle", x.name()));
    shapes.add(new Shape.Upright("name", "12", Numbers.coordinate((TOP + bottom) / 2), y.name()));
    return shapes;
  }

  /** Returns the line labels, moved down to avoid overlaps. */
  private List<Shape> names() {
    List<Shape> shapes = new ArrayList<>();
    List<End> sorted = new ArrayList<>(ends);
    sorted.sort(Comparator.comparingDouble(End::y));
    double free = TOP;
    for (End end : sorted) {
      double place = Math.max(free, end.y + 4);
      shapes.add(Shape.text("end " + end.style, WIDTH - right + 8, place, "start", end.text));
      free = place + LINE;
    }
    return shapes;
  }
}
