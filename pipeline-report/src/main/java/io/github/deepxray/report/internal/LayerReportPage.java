package io.github.deepxray.report.internal;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.optimize.internal.quantize.LayerReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/**
 * Self-contained HTML page of a {@link LayerReport}: no scripts and fonts, only inline SVG, with
 * light and dark colours.
 */
public final class LayerReportPage {
  static final int CHART_WIDTH = 1000;
  static final int CHART_HEIGHT = 230;
  static final int ROW_HEIGHT = 24;
  private static final String SUFFIX = ".json";
  private static final int WORST = 12;
  private static final int NAMED = 3;
  private static final double CHART_LEFT = 40;
  private static final double CHART_TOP_DECIBELS = 60;

  private final LayerReport report;
  private final List<LayerReport.Entry> mostDamaging;

  private LayerReportPage(LayerReport report) {
    this.report = report;
    this.mostDamaging = report.mostDamaging();
  }

  /**
   * Layer in a table.
   *
   * @param harmful whether the layer is among those with the most noise
   * @param alone noise of this layer alone
   * @param numbers cells of the columns from accumulated noise on
   * @param width width of the histogram in pixels
   */
  record Row(
      String name,
      String kind,
      boolean harmful,
      String alone,
      List<String> numbers,
      int width,
      List<Shape> histogram) {}

  /** Returns a report as HTML. */
  public static String html(LayerReport report) {
    LayerReportPage page = new LayerReportPage(report);
    return Templates.html(out -> JtelayersGenerated.render(out, null, page));
  }

  /**
   * Writes the page of a report next to its JSON file, with the extension {@code .html}.
   *
   * @param json file written by {@link LayerReport#writeJson}
   * @return path of the page
   * @throws DeepXrayException if the report is damaged
   * @throws IOException if a file cannot be read or written
   */
  public static Path drawBeside(Path json) throws IOException {
    String name = json.getFileName().toString();
    String page = name.substring(0, name.length() - SUFFIX.length()) + ".html";
    Path file = json.resolveSibling(page);
    AtomicFiles.write(file, html(LayerReport.read(json)));
    return file;
  }

  String title() {
    return "Quantization of " + report.network();
  }

  String arithmetic() {
    return report.arithmetic();
  }

  String output() {
    return report.output();
  }

  int examples() {
    return report.examples();
  }

  /** Returns the signal-to-noise ratio at the output. */
  String ratio() {
    return decibels(report.outputSqnr());
  }

  /** Returns the share of noise at the output. */
  String noise() {
    return share(report.outputSqnr());
  }

  /** Returns the names of the layers with the most noise. */
  List<Span> named() {
    List<Span> spans = new ArrayList<>();
    mostDamaging.stream()
        .limit(NAMED)
        .filter(this::isHarmful)
        .forEach(
            entry -> {
              spans.add(Span.plain(spans.isEmpty() ? "" : ", "));
              spans.add(Span.bold(entry.name()));
              String alone = share(entry.aloneSqnr().getAsDouble());
              spans.add(Span.plain(" (" + alone + " noise alone)"));
            });
    return spans;
  }

  private List<LayerReport.Entry> marked() {
    return mostDamaging.subList(0, Math.min(WORST, mostDamaging.size()));
  }

  /** Returns the layers with the most noise. */
  List<Row> worst() {
    return marked().stream().map(this::row).toList();
  }

  /** Returns all layers in order. */
  List<Row> layers() {
    return report.layers().stream().map(this::row).toList();
  }

  private boolean isHarmful(LayerReport.Entry entry) {
    int place = mostDamaging.indexOf(entry);
    return place >= 0 && place < NAMED && entry.aloneSqnr().getAsDouble() < LayerReport.EXACT;
  }

  private Row row(LayerReport.Entry entry) {
    return new Row(
        entry.name(),
        entry.kind() + (entry.integer() ? "" : ", float"),
        isHarmful(entry),
        decibels(entry.aloneSqnr()),
        List.of(
            decibels(entry.accumulatedSqnr()),
            decibels(entry.weightSqnr()),
            number(entry.seenMin()) + " … " + number(entry.seenMax()),
            number(entry.min()) + " … " + number(entry.max()),
            number(entry.scale()),
            String.valueOf(entry.zeroPoint()),
            String.format(Locale.ROOT, "%.3f %%", 100 * entry.clippedShare())),
        2 * entry.histogram().size(),
        histogram(entry));
  }

  /** Returns the bars of a histogram and shades over clipped values. */
  private static List<Shape> histogram(LayerReport.Entry entry) {
    List<Shape> shapes = new ArrayList<>();
    int width = 2 * entry.histogram().size();
    double span = entry.seenMax() - entry.seenMin();
    if (span > 0) {
      double low = width * bounded((entry.min() - entry.seenMin()) / span);
      double high = width * bounded((entry.max() - entry.seenMin()) / span);
      rect(shapes, "cut", 0, low, ROW_HEIGHT);
      rect(shapes, "cut", high, width - high, ROW_HEIGHT);
    }
    for (int i = 0; i < entry.histogram().size(); i++) {
      rect(shapes, "bar", 2 * i, 2, ROW_HEIGHT * entry.histogram().get(i));
    }
    return shapes;
  }

  /** Adds a rectangle from the bottom, unless it is too small to be visible. */
  private static void rect(List<Shape> shapes, String style, double x, double width, double high) {
    if (width >= 0.05 && high >= 0.05) {
      shapes.add(Shape.rect(style, x, ROW_HEIGHT - high, width, high));
    }
  }

  /** Returns the chart of accumulated noise, with marks at the layers with the most noise. */
  List<Shape> chart() {
    List<Shape> shapes = new ArrayList<>();
    for (int db = 0; db <= CHART_TOP_DECIBELS; db += 10) {
      shapes.add(Shape.line("grid", CHART_LEFT, chartY(db), CHART_WIDTH, chartY(db)));
      shapes.add(Shape.text("", 0, chartY(db) + 4, "start", db + " dB"));
    }
    List<LayerReport.Entry> layers = report.layers();
    StringBuilder points = new StringBuilder();
    List<Shape> marks = new ArrayList<>();
    for (int i = 0; i < layers.size(); i++) {
      LayerReport.Entry entry = layers.get(i);
      double step = (CHART_WIDTH - CHART_LEFT) / Math.max(1, layers.size() - 1);
      String x = Numbers.coordinate(CHART_LEFT + i * step);
      String y = Numbers.coordinate(chartY(entry.accumulatedSqnr()));
      points.append(x).append(',').append(y).append(' ');
      if (marked().contains(entry)) {
        marks.add(new Shape.Mark("mark", x, y, entry.name()));
      }
    }
    shapes.add(new Shape.Polyline("curve", points.toString().strip()));
    shapes.addAll(marks);
    return shapes;
  }

  private static double chartY(double decibels) {
    return 5 + (CHART_HEIGHT - 10) * (1 - bounded(decibels / CHART_TOP_DECIBELS));
  }

  private static double bounded(double value) {
    return Math.max(0, Math.min(1, value));
  }

  private static String decibels(OptionalDouble value) {
    return value.isPresent() ? decibels(value.getAsDouble()) : "–";
  }

  private static String decibels(double value) {
    return value >= LayerReport.EXACT ? "exact" : String.format(Locale.ROOT, "%.1f", value);
  }

  /** Returns the share of noise in the signal power as text. */
  private static String share(double decibels) {
    double percent = 100 * Math.pow(10, -decibels / 10);
    if (percent >= 0.1) {
      return String.format(Locale.ROOT, "%.1f %%", percent);
    }
    return "less than 0.1 %";
  }

  private static String number(double value) {
    double magnitude = Math.abs(value);
    if (value == Math.rint(value) && magnitude < 1e6) {
      return String.format(Locale.ROOT, "%.0f", value);
    } else if (magnitude >= 100) {
      return String.format(Locale.ROOT, "%.1f", value);
    } else if (magnitude >= 0.01) {
      return String.format(Locale.ROOT, "%.3f", value);
    }
    return String.format(Locale.ROOT, "%.2e", value);
  }
}
