package io.github.deepxray.optimize.quantize;

import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.stream.Collectors;

/**
 * A {@link LayerReport} as one HTML page that needs nothing beside it: no scripts, no fonts, no
 * pictures but inline SVG, in the reader's light or dark colours.
 */
final class LayerReportPage {
  private static final int WORST = 12;
  private static final int NAMED = 3;
  private static final double CHART_WIDTH = 960;
  private static final double CHART_HEIGHT = 220;
  private static final double CHART_TOP_DECIBELS = 60;

  private static final String STYLE =
      """
      :root { color-scheme: light dark; --text: #1b1f24; --soft: #57606a; --page: #ffffff;
        --line: #d0d7de; --bar: #2f6db5; --bad: #b3261e; --cut: #b3261e22; }
      @media (prefers-color-scheme: dark) {
        :root { --text: #e6edf3; --soft: #9198a1; --page: #0d1117; --line: #3d444d;
          --bar: #6ea8e5; --bad: #ff8a80; --cut: #ff8a8033; } }
      body { margin: 2rem auto; max-width: 75rem; padding: 0 1rem; color: var(--text);
        background: var(--page); font: 15px/1.5 system-ui, sans-serif; }
      h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
      .scroll { overflow-x: auto; }
      table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13px; }
      th, td { padding: .25rem .6rem; text-align: right; white-space: nowrap;
        border-bottom: 1px solid var(--line); }
      th { color: var(--soft); font-weight: 600; vertical-align: bottom; }
      th:first-child, td:first-child, .left { text-align: left; }
      .soft { color: var(--soft); } .bad { color: var(--bad); font-weight: 600; }
      svg { display: block; } svg rect { fill: var(--bar); } svg .cut { fill: var(--cut); }
      svg .grid { stroke: var(--line); } svg .curve { stroke: var(--bar); fill: none;
        stroke-width: 1.5; } svg text { fill: var(--soft); font-size: 11px; }
      svg .mark { fill: var(--bad); }
      """;

  private final LayerReport report;
  private final List<LayerReport.Entry> worst;
  private final StringBuilder page = new StringBuilder();

  private LayerReportPage(LayerReport report) {
    this.report = report;
    this.worst = report.mostDamaging();
  }

  static String html(LayerReport report) {
    LayerReportPage page = new LayerReportPage(report);
    page.write();
    return page.page.toString();
  }

  private void write() {
    String title = "Quantization of " + escaped(report.network());
    page.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
        .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
        .append("<title>")
        .append(title)
        .append("</title>\n<style>\n")
        .append(STYLE)
        .append("</style>\n</head>\n<body>\n<h1>")
        .append(title)
        .append("</h1>\n");
    summary();
    reading();
    page.append("<h2>The layers that hurt most</h2>\n");
    table(worst.subList(0, Math.min(WORST, worst.size())));
    page.append("<h2>How noise builds up</h2>\n")
        .append("<p class=\"soft\">Signal to noise of each tensor in the quantized model, from ")
        .append("the input to ")
        .append(escaped(report.output()))
        .append(". A step down is where accuracy goes; marks are the layers above.</p>\n");
    chart();
    page.append("<h2>All layers in order</h2>\n");
    table(report.layers());
    page.append("</body>\n</html>\n");
  }

  private void summary() {
    page.append("<p>Computing in ")
        .append(escaped(report.arithmetic()))
        .append(" leaves ")
        .append(decibels(report.outputSqnr()))
        .append(" dB of signal over noise at <b>")
        .append(escaped(report.output()))
        .append("</b>: ")
        .append(share(report.outputSqnr()))
        .append(" of its power is noise, measured on ")
        .append(report.examples())
        .append(" examples.");
    List<LayerReport.Entry> named =
        worst.stream()
            .limit(NAMED)
            .filter(entry -> entry.aloneSqnr().getAsDouble() < Noise.MAX_DECIBELS)
            .toList();
    if (named.isEmpty()) {
      page.append(" No layer alone does measurable harm.");
    } else {
      page.append(" Most harm is done by ")
          .append(
              named.stream()
                  .map(
                      entry ->
                          "<b>"
                              + escaped(entry.name())
                              + "</b> ("
                              + share(entry.aloneSqnr().getAsDouble())
                              + " noise alone)")
                  .collect(Collectors.joining(", ")))
          .append("; keep these in floats first, or give them a range of their own.");
    }
    page.append("</p>\n");
  }

  private void reading() {
    page.append(
        """
        <p class="soft">Ratios of signal to noise are in decibels: at 10 dB noise has a tenth of the
        signal's power, at 20 dB a hundredth, at 30 dB a thousandth. <i>Alone</i>: at the output,
        with only this tensor and its layer's kernel rounded. <i>Accumulated</i>: of this tensor,
        with everything rounded. <i>Kernel</i>: of the kernel's own rounding. <i>Clipped</i>: the
        share of calibration values outside the range; too much clips the signal, nothing often
        means that a few outliers stretch the step for all others. Histograms have a logarithmic
        height; what is clipped is shaded.</p>
        """);
  }

  private void table(List<LayerReport.Entry> entries) {
    page.append("<div class=\"scroll\"><table>\n<thead><tr><th>Layer</th>")
        .append("<th class=\"left\">Kind</th><th>Alone dB</th><th>Accumulated dB</th>")
        .append("<th>Kernel dB</th><th>Seen</th><th>Range</th><th>Step</th><th>Zero point</th>")
        .append("<th>Clipped</th><th class=\"left\">Values</th></tr></thead>\n<tbody>\n");
    for (LayerReport.Entry entry : entries) {
      page.append("<tr><td>")
          .append(escaped(entry.name()))
          .append("</td><td class=\"left soft\">")
          .append(escaped(entry.kind()))
          .append(entry.integer() ? "" : ", float")
          .append("</td><td")
          .append(entry.aloneSqnr().isPresent() && isAmongWorst(entry) ? " class=\"bad\">" : ">")
          .append(decibels(entry.aloneSqnr()))
          .append("</td><td>")
          .append(decibels(entry.accumulatedSqnr()))
          .append("</td><td>")
          .append(decibels(entry.weightSqnr()))
          .append("</td><td>")
          .append(number(entry.seenMin()))
          .append(" … ")
          .append(number(entry.seenMax()))
          .append("</td><td>")
          .append(number(entry.min()))
          .append(" … ")
          .append(number(entry.max()))
          .append("</td><td>")
          .append(number(entry.scale()))
          .append("</td><td>")
          .append(entry.zeroPoint())
          .append("</td><td>")
          .append(String.format(Locale.ROOT, "%.3f %%", 100 * entry.clippedShare()))
          .append("</td><td class=\"left\">");
      thumbnail(entry);
      page.append("</td></tr>\n");
    }
    page.append("</tbody>\n</table></div>\n");
  }

  private boolean isAmongWorst(LayerReport.Entry entry) {
    return worst.indexOf(entry) < NAMED && entry.aloneSqnr().getAsDouble() < Noise.MAX_DECIBELS;
  }

  private void thumbnail(LayerReport.Entry entry) {
    int width = 2 * entry.histogram().size();
    int height = 24;
    page.append("<svg width=\"")
        .append(width)
        .append("\" height=\"")
        .append(height)
        .append("\" role=\"img\" aria-label=\"histogram\">");
    double span = entry.seenMax() - entry.seenMin();
    if (span > 0) {
      double low = width * bounded((entry.min() - entry.seenMin()) / span);
      double high = width * bounded((entry.max() - entry.seenMin()) / span);
      rect("cut", 0, 0, low, height);
      rect("cut", high, 0, width - high, height);
    }
    for (int i = 0; i < entry.histogram().size(); i++) {
      double bar = height * entry.histogram().get(i);
      rect("", 2 * i, height - bar, 2, bar);
    }
    page.append("</svg>");
  }

  private void rect(String style, double x, double y, double width, double height) {
    if (width < 0.05 || height < 0.05) {
      return;
    }
    page.append("<rect");
    if (!style.isEmpty()) {
      page.append(" class=\"").append(style).append('"');
    }
    page.append(
        String.format(
            Locale.ROOT,
            " x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>",
            x,
            y,
            width,
            height));
  }

  private void chart() {
    List<LayerReport.Entry> layers = report.layers();
    page.append("<div class=\"scroll\"><svg viewBox=\"0 0 ")
        .append(number(CHART_WIDTH + 40))
        .append(' ')
        .append(number(CHART_HEIGHT + 10))
        .append("\" width=\"")
        .append(number(CHART_WIDTH + 40))
        .append("\" role=\"img\" aria-label=\"signal to noise by layer\">\n");
    for (int db = 0; db <= CHART_TOP_DECIBELS; db += 10) {
      page.append(
          String.format(
              Locale.ROOT,
              "<line class=\"grid\" x1=\"40\" x2=\"%.0f\" y1=\"%.1f\" y2=\"%.1f\"/>"
                  + "<text x=\"0\" y=\"%.1f\">%d dB</text>\n",
              CHART_WIDTH + 40,
              chartY(db),
              chartY(db),
              chartY(db) + 4,
              db));
    }
    StringBuilder points = new StringBuilder();
    StringBuilder marks = new StringBuilder();
    List<LayerReport.Entry> marked = worst.subList(0, Math.min(WORST, worst.size()));
    for (int i = 0; i < layers.size(); i++) {
      LayerReport.Entry entry = layers.get(i);
      double x = 40 + CHART_WIDTH * i / Math.max(1, layers.size() - 1);
      double y = chartY(entry.accumulatedSqnr());
      points.append(String.format(Locale.ROOT, "%.1f,%.1f ", x, y));
      if (marked.contains(entry)) {
        marks.append(
            String.format(
                Locale.ROOT,
                "<circle class=\"mark\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"><title>%s</title>"
                    + "</circle>\n",
                x,
                y,
                escaped(entry.name())));
      }
    }
    page.append("<polyline class=\"curve\" points=\"")
        .append(points.toString().strip())
        .append("\"/>\n")
        .append(marks)
        .append("</svg></div>\n");
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
    return value >= Noise.MAX_DECIBELS ? "exact" : String.format(Locale.ROOT, "%.1f", value);
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

  private static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;")
        .replace("'", "&#39;");
  }
}
