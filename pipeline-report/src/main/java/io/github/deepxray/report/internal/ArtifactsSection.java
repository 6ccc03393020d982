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
 * The deployable forms, and how far they are from the trained model.
 *
 * @param table a row for each
 * @param speed how speed was measured, or how to measure it
 * @param refusals why artifacts were refused
 * @param widened which artifacts were judged by wider limits, and by which
 * @param others what else the bundle holds
 */
record ArtifactsSection(
    Table table, String speed, List<Remark> refusals, List<Remark> widened, List<Other> others) {
  /** What is said about a file. */
  record Remark(String file, String text) {}

  /**
   * A file that is no deployable form.
   *
   * @param address the link to it; empty if a browser does not show it
   */
  record Other(String path, String address, String megabytes, String what) {}

  static ArtifactsSection of(ReportContent content) {
    return new ArtifactsSection(
        table(content),
        content
            .speed()
            .map(ArtifactsSection::measuredOn)
            .orElse(
                "How fast they are depends on the machine and is not kept in the bundle:"
                    + " deepxray report --turns 30 measures it."),
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

  /** Which artifacts were judged by wider limits, and by which. */
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
    heads.add(Cell.of("decided otherwise"));
    content.speed().ifPresent(speed -> heads.add(Cell.of("ms an image")));
    Table table =
        Table.of(
            ("On the %s test images; below metrics their differences to the trained model,"
                    + " with paired intervals.")
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

  /** How far an artifact is from the trained model. */
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

  /** A metric, and below it the difference to the trained model. */
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
