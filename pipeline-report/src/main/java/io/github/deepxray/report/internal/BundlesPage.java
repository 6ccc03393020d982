package io.github.deepxray.report.internal;

import io.github.deepxray.classify.ArtifactReport;
import io.github.deepxray.core.metrics.Comparison;
import io.github.deepxray.core.metrics.Interval;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.report.Experiments.ModelSpeed;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Comparison of the artifacts of several bundles as a self-contained HTML page, with the style of
 * {@link ReportPage}. The page is reproducible.
 */
public final class BundlesPage {
  /** Metrics of the test split besides the AUC. */
  private static final List<Metric> SHOWN =
      Metric.HEADLINES.stream().filter(metric -> metric != Metric.AUC).toList();

  private BundlesPage() {}

  /**
   * Artifact of a bundle.
   *
   * @param bundle name of the bundle
   * @param report report of the artifact in the bundle
   * @param speed speed relative to the first bundle's float32, if measured
   */
  public record Row(String bundle, ArtifactReport report, Optional<ModelSpeed> speed) {
    Interval of(Split split, Metric metric) {
      Comparison measured = report.verdict().splits().get(split.key());
      return measured == null ? Interval.UNKNOWN : measured.of(metric);
    }
  }

  /** Returns a comparison without speed. */
  public static String html(List<Row> rows) {
    return html(rows, Optional.empty());
  }

  /**
   * Returns a comparison with speed.
   *
   * @param machine description of the machine on which speed was measured
   */
  public static String html(List<Row> rows, String machine) {
    return html(rows, Optional.of(machine));
  }

  private static String html(List<Row> rows, Optional<String> machine) {
    double least =
        rows.stream()
            .flatMap(row -> Figures.SPLITS.stream().map(split -> row.of(split, Metric.AUC).low()))
            .mapToDouble(low -> low)
            .filter(low -> !Double.isNaN(low))
            .min()
            .orElse(0);
    double from = IntervalStrip.from(least);
    Table table = Table.of(caption(machine), heads(from));
    rows.forEach(row -> table.row(cells(row, from)));
    return Templates.html(out -> JtebundlesGenerated.render(out, null, table));
  }

  private static String caption(Optional<String> machine) {
    return "Brackets and strips show the recorded 95 % bootstrap intervals by patient; "
        + "decisions use the threshold of each artifact, chosen on validation. For more "
        + "than two classes, AUC, sensitivity and specificity are means over the classes."
        + machine
            .map(
                m ->
                    " Speed: one image on one thread of "
                        + m
                        + ", in turns with the first bundle's float32.")
            .orElse("");
  }

  private static List<Cell> cells(Row row, double from) {
    Interval test = row.of(Split.TEST, Metric.AUC);
    Interval validation = row.of(Split.VALIDATION, Metric.AUC);
    boolean blessed = row.report.verdict().blessed();
    List<Cell> cells = new ArrayList<>();
    cells.add(Cell.of(row.bundle));
    cells.add(Cell.of("left", row.report.artifact()));
    cells.add(Cell.of("main", Numbers.interval(test)));
    cells.add(Cell.of(IntervalStrip.of(from, 1, test, validation)));
    cells.add(Cell.of(Numbers.interval(validation)));
    for (Metric metric : SHOWN) {
      cells.add(Cell.of(Numbers.interval(row.of(Split.TEST, metric))));
    }
    cells.add(Cell.of(Numbers.megabytes(row.report.size().raw())));
    cells.add(Cell.of(Numbers.megabytes(row.report.size().gzip())));
    cells.addAll(Cell.of(row.speed));
    cells.add(Cell.of(blessed ? "good" : "bad", Numbers.verdict(blessed)));
    return cells;
  }

  private static List<Cell> heads(double from) {
    List<Cell> heads = new ArrayList<>();
    heads.add(Cell.of("Bundle"));
    heads.add(Cell.of("left", "artifact"));
    heads.add(Cell.of("key test", "test AUC"));
    heads.add(Cell.of(IntervalStrip.scale(from, 1)));
    heads.add(Cell.of("key validation", "validation AUC"));
    SHOWN.forEach(metric -> heads.add(Cell.of(metric.title())));
    for (String head : List.of("MB", "MB after gzip", "ms per image", "speed", "gate")) {
      heads.add(Cell.of(head));
    }
    return heads;
  }
}
