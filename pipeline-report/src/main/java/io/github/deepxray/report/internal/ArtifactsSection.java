package io.github.deepxray.report.internal;

import io.github.deepxray.classify.ArtifactReport;
import io.github.deepxray.core.metrics.Comparison;
import io.github.deepxray.core.metrics.Interval;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.core.network.Sparsity;
import io.github.deepxray.datasets.Split;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * Section about the artifacts and their parity with the trained model.
 *
 * @param table a row for each artifact
 * @param speed text about the measurement of speed
 * @param refusals reasons of the gate for refused artifacts
 * @param widened artifacts with wider gate limits, with the limits
 * @param others other files of the bundle
 */
record ArtifactsSection(
    Table table, String speed, List<Remark> refusals, List<Remark> widened, List<Other> others) {
  /** Remark about a file. */
  record Remark(String file, String text) {}

  /**
   * Other file of the bundle.
   *
   * @param address link to the file; empty if browsers cannot show it
   */
  record Other(String path, String address, String megabytes, String what) {}

  static ArtifactsSection of(ReportContent content) {
    return new ArtifactsSection(
        table(content),
        content
            .speed()
            .map(ArtifactsSection::measuredOn)
            .orElse(
                "Speed depends on the machine and is not stored in the bundle: deepxray report "
                    + "--turns 30 measures it."),
        content.artifacts().stream()
            .filter(artifact -> !artifact.verdict().blessed())
            .map(a -> new Remark(a.path(), String.join("; ", a.verdict().objections())))
            .toList(),
        widened(content.artifacts()),
        content.others().stream()
            .map(
                other ->
                    new Other(
                        other.path(),
                        other.page() ? address(other.path()) : "",
                        Numbers.megabytes(other.bytes()),
                        other.what()))
            .toList());
  }

  /** Returns the artifacts with wider gate limits, with the limits. */
  static List<Remark> widened(List<ArtifactReport> artifacts) {
    return artifacts.stream()
        .flatMap(a -> a.widenedLimits().map(w -> new Remark(a.path(), w)).stream())
        .toList();
  }

  private static Table table(ReportContent content) {
    List<Cell> heads = new ArrayList<>();
    heads.add(Cell.of("file"));
    heads.add(Cell.of("left", "gate"));
    int classes = content.words().size();
    heads.addAll(List.of(Cell.of("weights"), Cell.of("MB"), Cell.of("threshold")));
    Metric.HEADLINES.forEach(metric -> heads.add(Cell.of(metric.title(classes))));
    heads.add(Cell.of("largest change of a probability"));
    heads.add(Cell.of("changed decisions"));
    content.speed().ifPresent(speed -> heads.add(Cell.of("ms per image")));
    Table table =
        Table.of(
            ("On the %s test images; below each metric its difference from the trained "
                    + "model, with a paired interval.")
                .formatted(Numbers.count(content.evaluation(Split.TEST).total())),
            heads);
    content.artifacts().forEach(artifact -> table.row(row(content, artifact)));
    return table;
  }

  private static String measuredOn(ReportContent.Speed speed) {
    return "Time for one image on one thread, measured on " + speed.machine() + ".";
  }

  private static String milliseconds(ReportContent.Speed speed, ArtifactReport artifact) {
    return Numbers.decimals(speed.milliseconds().getOrDefault(artifact.artifact(), Double.NaN), 2);
  }

  /** Returns the URL of a file relative to the bundle. */
  private static String address(String path) {
    try {
      // A colon in the first segment would end a URL scheme.
      return new URI(null, null, "./" + path, null).toASCIIString();
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException("not a path: " + path, e);
    }
  }

  private static List<Cell> row(ReportContent content, ArtifactReport artifact) {
    boolean blessed = artifact.verdict().blessed();
    List<Cell> cells = new ArrayList<>();
    cells.add(
        Cell.of(
            "", List.of(Span.code(artifact.path()), new Span(Span.Look.FORM, artifact.form()))));
    cells.add(Cell.of(blessed ? "left good" : "left bad", Numbers.verdict(blessed)));
    cells.add(artifact.weights().map(ArtifactsSection::weights).orElse(Cell.of(Numbers.NONE)));
    cells.add(
        Cell.twoLines(
            Numbers.megabytes(artifact.size().raw()),
            Numbers.megabytes(artifact.size().gzip()) + " gzip"));
    cells.add(Cell.of(Numbers.probability(artifact.threshold().orElse(Double.NaN))));
    Comparison test = artifact.verdict().splits().get(Split.TEST.key());
    cells.addAll(
        test == null
            ? Collections.nCopies(Metric.HEADLINES.size() + 2, Cell.of(Numbers.NONE))
            : compared(test));
    content.speed().ifPresent(speed -> cells.add(Cell.of(milliseconds(speed, artifact))));
    return cells;
  }

  private static Cell weights(Sparsity.Count count) {
    boolean some = count.nonZero() < count.weights();
    return Cell.twoLines(
        Numbers.count(count.weights()), some ? Numbers.count(count.nonZero()) + " not 0" : "");
  }

  /** Returns the cells of the comparison with the trained model. */
  private static List<Cell> compared(Comparison test) {
    List<Cell> cells = new ArrayList<>();
    for (Metric metric : Metric.HEADLINES) {
      cells.add(measured(test.of(metric), test.difference(metric)));
    }
    double change = test.maxDeltaProbability();
    cells.add(
        Cell.of(
            change > 0 && change < 1e-3
                ? String.format(Locale.ROOT, "%.1e", change)
                : Numbers.decimals(change, 3)));
    cells.add(Cell.of(Numbers.count(test.flipped())));
    return cells;
  }

  /** Returns a cell with a metric, and below it the difference from the trained model. */
  private static Cell measured(Interval value, Interval difference) {
    boolean none = difference.low() == 0 && difference.high() == 0;
    return Cell.twoLines(
        Numbers.interval(value),
        Double.isNaN(difference.value())
            ? ""
            : none
                ? "no difference"
                : "%s (%s to %s)"
                    .formatted(
                        Numbers.signed(difference.value(), 4),
                        Numbers.signed(difference.low(), 4),
                        Numbers.signed(difference.high(), 4)));
  }
}
