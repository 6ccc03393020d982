package io.github.deepxray.report;

import io.github.deepxray.classify.ArtifactReport;
import io.github.deepxray.core.metrics.Comparison;
import io.github.deepxray.core.metrics.Interval;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.report.Table.Cell;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The deployable forms, and how far they are from the trained model. */
final class ArtifactsSection {
  private ArtifactsSection() {}

  static Html html(ReportContent content) {
    Html html = new Html();
    html.open("section", "id", "artifacts").element("h2", "Artifacts");
    List<Cell> heads = new ArrayList<>();
    heads.add(Cell.of("file"));
    heads.add(Cell.of("left", "gate"));
    int classes = content.words().size();
    heads.addAll(List.of(Cell.of("weights"), Cell.of("MB"), Cell.of("threshold")));
    Metric.HEADLINES.forEach(metric -> heads.add(Cell.of(metric.title(classes))));
    heads.add(Cell.of("largest change of a probability"));
    heads.add(Cell.of("decided otherwise"));
    content.speed().ifPresent(speed -> heads.add(Cell.of("ms an image")));
    Table table =
        Table.of(
            "On the "
                + Numbers.count(content.evaluation(Split.TEST).total())
                + " test images; below metrics their differences to the trained model,"
                + " with paired intervals.",
            heads);
    for (ArtifactReport artifact : content.artifacts()) {
      table.row(row(content, artifact));
    }
    html.open("div", "class", "artifacts").add(table.html()).close();
    html.element(
        "p",
        content
            .speed()
            .map(ArtifactsSection::measuredOn)
            .orElse(
                "How fast they are depends on the machine and is not kept in the bundle:"
                    + " deepxray report --turns 30 measures it."),
        "class",
        "soft");
    refusals(html, content.artifacts());
    others(html, content.others());
    return html.close();
  }

  /** Why artifacts were refused, and which were judged by wider limits. */
  private static void refusals(Html html, List<ArtifactReport> artifacts) {
    for (ArtifactReport artifact : artifacts) {
      if (!artifact.verdict().blessed()) {
        html.open("p", "class", "bad").text("Refused: ").element("code", artifact.path());
        html.text(" " + String.join("; ", artifact.verdict().objections()) + ".").close();
      }
    }
    for (ArtifactReport artifact : artifacts) {
      artifact
          .widenedLimits()
          .ifPresent(
              words ->
                  html.open("p", "class", "soft")
                      .text("Judged by wider limits, as a class has fewer than 100 images: ")
                      .element("code", artifact.path())
                      .text(" " + words + ".")
                      .close());
    }
  }

  private static String measuredOn(ReportContent.Speed speed) {
    return "Time for one image on one thread, measured on " + speed.machine() + ".";
  }

  private static String milliseconds(ReportContent.Speed speed, ArtifactReport artifact) {
    return Numbers.decimals(speed.milliseconds().getOrDefault(artifact.artifact(), Double.NaN), 2);
  }

  private static void others(Html html, List<ReportContent.Other> others) {
    if (others.isEmpty()) {
      return;
    }
    html.element("h3", "Also in the bundle").open("ul");
    for (ReportContent.Other other : others) {
      html.open("li");
      if (other.page()) {
        // Works where the page lies in its bundle; the text says where to look for it elsewhere.
        html.open("a", "href", address(other.path())).element("code", other.path()).close();
      } else {
        html.element("code", other.path());
      }
      html.element("span", " " + Numbers.megabytes(other.bytes()) + " MB", "class", "soft");
      html.text(": " + other.what() + ".").close();
    }
    html.close();
  }

  /** The address of a file relative to the bundle. */
  private static String address(String path) {
    try {
      // Without a scheme a colon in the first part would be read as the end of one.
      return new URI(null, null, "./" + path, null).toASCIIString();
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException("not a path: " + path, e);
    }
  }

  private static List<Cell> row(ReportContent content, ArtifactReport artifact) {
    Comparison test = artifact.verdict().splits().get(Split.TEST.key());
    boolean blessed = artifact.verdict().blessed();
    List<Cell> cells = new ArrayList<>();
    cells.add(
        new Cell(
            "",
            new Html()
                .element("code", artifact.path())
                .element("span", artifact.form(), "class", "form soft")));
    cells.add(Cell.of(blessed ? "left good" : "left bad", blessed ? "✓ blessed" : "✗ refused"));
    cells.add(
        artifact
            .weights()
            .map(
                count ->
                    twoLines(
                        Numbers.count(count.weights()),
                        count.nonZero() < count.weights()
                            ? Numbers.count(count.nonZero()) + " not 0"
                            : ""))
            .orElse(Cell.of(Numbers.NONE)));
    cells.add(
        twoLines(
            Numbers.megabytes(artifact.size().raw()),
            Numbers.megabytes(artifact.size().gzip()) + " gzip"));
    cells.add(Cell.of(Numbers.probability(artifact.threshold().orElse(Double.NaN))));
    if (test == null) {
      for (int i = 0; i < Metric.HEADLINES.size() + 2; i++) {
        cells.add(Cell.of(Numbers.NONE));
      }
    } else {
      for (Metric metric : Metric.HEADLINES) {
        cells.add(measured(test.of(metric), test.difference(metric)));
      }
      cells.add(
          Cell.of(
              test.maxDeltaProbability() > 0 && test.maxDeltaProbability() < 1e-3
                  ? String.format(Locale.ROOT, "%.1e", test.maxDeltaProbability())
                  : Numbers.decimals(test.maxDeltaProbability(), 3)));
      cells.add(Cell.of(Numbers.count(test.flipped())));
    }
    content.speed().ifPresent(speed -> cells.add(Cell.of(milliseconds(speed, artifact))));
    return cells;
  }

  /** A metric, and below it the difference to the trained model. */
  private static Cell measured(Interval value, Interval difference) {
    boolean none = difference.low() == 0 && difference.high() == 0;
    return twoLines(
        Numbers.interval(value),
        Double.isNaN(difference.value())
            ? ""
            : none
                ? "no difference"
                : Numbers.signed(difference.value(), 4)
                    + " ("
                    + Numbers.signed(difference.low(), 4)
                    + " to "
                    + Numbers.signed(difference.high(), 4)
                    + ")");
  }

  /** A value, and below it what is said about it, if there is something. */
  private static Cell twoLines(String value, String remark) {
    Html text = new Html().text(value);
    if (!remark.isEmpty()) {
      text.empty("br").element("span", remark, "class", "soft");
    }
    return new Cell("", text);
  }
}
