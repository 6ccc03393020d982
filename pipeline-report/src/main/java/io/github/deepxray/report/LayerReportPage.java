package io.github.deepxray.report;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.io.AtomicFiles;
import io.github.deepxray.optimize.quantize.LayerReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/**
 * A {@link LayerReport} as one HTML page that needs nothing beside it: no scripts, no fonts, no
 * pictures but inline SVG, in the reader's light or dark colours.
 */
public final class LayerReportPage {
  private static final String SUFFIX = ".json";
  private static final int WORST = 12;
  private static final int NAMED = 3;
  private static final double CHART_WIDTH = 960;
  private static final double CHART_HEIGHT = 220;
  private static final double CHART_TOP_DECIBELS = 60;

  private static final String STYLE =
      Html.STYLE
          + """
          svg rect { fill: var(--bar); } svg .cut { fill: var(--cut); }
          svg .grid { stroke: var(--line); } svg .curve { stroke: var(--bar); fill: none;
            stroke-width: 1.5; } svg .mark { fill: var(--bad); }
          """;

  private final LayerReport report;
  private final List<LayerReport.Entry> worst;
  private final Html page;

  private LayerReportPage(LayerReport report) {
    this.report = report;
    this.worst = report.mostDamaging();
    this.page = Html.page(title(report), STYLE);
  }

  private static String title(LayerReport report) {
    return "Quantization of " + report.network();
  }

  /** Draws a report. */
  public static String html(LayerReport report) {
    LayerReportPage page = new LayerReportPage(report);
    page.write();
    return page.page.endPage();
  }

  /**
   * Draws the page of a report beside its file, with the same name but for the ending.
   *
   * @param json what {@link LayerReport#writeJson} wrote
   * @return the page's file
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

  private void write() {
    page.element("h1", title(report));
    summary();
    reading();
    page.element("h2", "The layers that hurt most");
    table(worst.subList(0, Math.min(WORST, worst.size())));
    page.element("h2", "How noise builds up");
    page.element(
        "p",
        "Signal to noise of each tensor in the quantized model, from the input to "
            + report.output()
            + ". A step down is where accuracy goes; marks are the layers above.",
        "class",
        "soft");
    chart();
    page.element("h2", "All layers in order");
    table(report.layers());
  }

  private void summary() {
    page.open("p")
        .text("Computing in " + report.arithmetic() + " leaves " + decibels(report.outputSqnr()))
        .text(" dB of signal over noise at ")
        .element("b", report.output())
        .text(": " + share(report.outputSqnr()) + " of its power is noise, measured on ")
        .text(report.examples() + " examples.");
    List<LayerReport.Entry> named =
        worst.stream()
            .limit(NAMED)
            .filter(entry -> entry.aloneSqnr().getAsDouble() < LayerReport.EXACT)
            .toList();
    if (named.isEmpty()) {
      page.text(" No layer alone does measurable harm.");
    } else {
      page.text(" Most harm is done by ");
      for (int i = 0; i < named.size(); i++) {
        page.text(i == 0 ? "" : ", ").element("b", named.get(i).name());
        page.text(" (" + share(named.get(i).aloneSqnr().getAsDouble()) + " noise alone)");
      }
      page.text("; keep these in floats first, or give them a range of their own.");
    }
    page.close();
  }

  private void reading() {
    page.open("p", "class", "soft")
        .text(
            "Ratios of signal to noise are in decibels: at 10 dB noise has a tenth of the signal's"
                + " power, at 20 dB a hundredth, at 30 dB a thousandth. ")
        .element("i", "Alone")
        .text(": at the output, with only this tensor and its layer's kernel rounded. ")
        .element("i", "Accumulated")
        .text(": of this tensor, with everything rounded. ")
        .element("i", "Kernel")
        .text(": of the kernel's own rounding. ")
        .element("i", "Clipped")
        .text(
            ": the share of calibration values outside the range; too much clips the signal,"
                + " nothing often means that a few outliers stretch the step for all others."
                + " Histograms have a logarithmic height; what is clipped is shaded. A swish with 8"
                + " bits makes 0 of all that is below "
                + LayerReport.SWISH_LEAST
                + ": ranges in front of it begin there, and"
                + " what is below counts neither as clipped nor as noise.")
        .close();
  }

  private void table(List<LayerReport.Entry> entries) {
    page.open("div", "class", "scroll").open("table").open("thead").open("tr");
    page.element("th", "Layer").element("th", "Kind", "class", "left");
    for (String head :
        List.of(
            "Alone dB",
            "Accumulated dB",
            "Kernel dB",
            "Seen",
            "Range",
            "Step",
            "Zero point",
            "Clipped")) {
      page.element("th", head);
    }
    page.element("th", "Values", "class", "left").close().close().open("tbody");
    for (LayerReport.Entry entry : entries) {
      page.open("tr").element("td", entry.name());
      page.element("td", entry.kind() + (entry.integer() ? "" : ", float"), "class", "left soft");
      String alone = decibels(entry.aloneSqnr());
      if (entry.aloneSqnr().isPresent() && isAmongWorst(entry)) {
        page.element("td", alone, "class", "bad");
      } else {
        page.element("td", alone);
      }
      page.element("td", decibels(entry.accumulatedSqnr()))
          .element("td", decibels(entry.weightSqnr()))
          .element("td", number(entry.seenMin()) + " … " + number(entry.seenMax()))
          .element("td", number(entry.min()) + " … " + number(entry.max()))
          .element("td", number(entry.scale()))
          .element("td", String.valueOf(entry.zeroPoint()))
          .element("td", String.format(Locale.ROOT, "%.3f %%", 100 * entry.clippedShare()))
          .open("td", "class", "left");
      thumbnail(entry);
      page.close().close();
    }
    page.close().close().close();
  }

  private boolean isAmongWorst(LayerReport.Entry entry) {
    return worst.indexOf(entry) < NAMED && entry.aloneSqnr().getAsDouble() < LayerReport.EXACT;
  }

  private void thumbnail(LayerReport.Entry entry) {
    int width = 2 * entry.histogram().size();
    int height = 24;
    page.open(
        "svg",
        "width",
        String.valueOf(width),
        "height",
        String.valueOf(height),
        "role",
        "img",
        "aria-label",
        "histogram");
    double span = entry.seenMax() - entry.seenMin();
    if (span > 0) {
      double low = width * bounded((entry.min() - entry.seenMin()) / span);
      double high = width * bounded((entry.max() - entry.seenMin()) / span);
      rect("cut", 0, 0, low, height);
      rect("cut", high, 0, width - high, height);
    }
    for (int i = 0; i < entry.histogram().size(); i++) {
      double bar = height * entry.histogram().get(i);
      rect("bar", 2 * i, height - bar, 2, bar);
    }
    page.close();
  }

  private void rect(String style, double x, double y, double width, double height) {
    if (width < 0.05 || height < 0.05) {
      return;
    }
    page.empty(
        "rect",
        "class",
        style,
        "x",
        pixels(x),
        "y",
        pixels(y),
        "width",
        pixels(width),
        "height",
        pixels(height));
  }

  private void chart() {
    List<LayerReport.Entry> layers = report.layers();
    page.open("div", "class", "scroll")
        .open(
            "svg",
            "viewBox",
            "0 0 " + number(CHART_WIDTH + 40) + " " + number(CHART_HEIGHT + 10),
            "width",
            number(CHART_WIDTH + 40),
            "role",
            "img",
            "aria-label",
            "signal to noise by layer");
    for (int db = 0; db <= CHART_TOP_DECIBELS; db += 10) {
      page.empty(
          "line",
          "class",
          "grid",
          "x1",
          "40",
          "x2",
          pixels(CHART_WIDTH + 40),
          "y1",
          pixels(chartY(db)),
          "y2",
          pixels(chartY(db)));
      page.element("text", db + " dB", "x", "0", "y", pixels(chartY(db) + 4));
    }
    StringBuilder points = new StringBuilder();
    Html marks = new Html();
    List<LayerReport.Entry> marked = worst.subList(0, Math.min(WORST, worst.size()));
    for (int i = 0; i < layers.size(); i++) {
      LayerReport.Entry entry = layers.get(i);
      String x = pixels(40 + CHART_WIDTH * i / Math.max(1, layers.size() - 1));
      String y = pixels(chartY(entry.accumulatedSqnr()));
      points.append(x).append(',').append(y).append(' ');
      if (marked.contains(entry)) {
        marks.open("g").element("title", entry.name());
        marks.empty("circle", "class", "mark", "cx", x, "cy", y, "r", "4").close();
      }
    }
    page.empty("polyline", "class", "curve", "points", points.toString().strip());
    page.add(marks).close().close();
  }

  private static String pixels(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }

  private static double chartY(double decibels) {
    return 5 + CHART_HEIGHT * (1 - bounded(decibels / CHART_TOP_DECIBELS));
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

  /** The share of noise in the power, in words. */
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
