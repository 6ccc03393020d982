package io.github.deepxray.report;

import io.github.deepxray.classify.ArtifactReport;
import io.github.deepxray.core.metrics.Comparison;
import io.github.deepxray.core.metrics.Interval;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.report.Table.Cell;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The artifacts of several bundles side by side as one HTML page that needs nothing beside it, in
 * the look of {@link ReportPage}. The same content gives the same bytes.
 */
public final class BundlesPage {
  /** What is shown of the test split beside the AUC. */
  private static final List<Metric> SHOWN =
      Metric.HEADLINES.stream().filter(metric -> metric != Metric.AUC).toList();

  private BundlesPage() {}

  /**
   * An artifact of a bundle.
   *
   * @param bundle where it is
   * @param report what the bundle says about it
   * @param speed if it was measured, compared with the first bundle's float32
   */
  public record Row(String bundle, ArtifactReport report, Optional<ModelSpeed> speed) {
    Interval of(Split split, Metric metric) {
      Comparison measured = report.verdict().splits().get(split.key());
      return measured == null ? Interval.UNKNOWN : measured.of(metric);
    }
  }

  /**
   * Draws a comparison.
   *
   * @param machine where speed was measured, if it was
   */
  public static String html(List<Row> rows, Optional<String> machine) {
    Html page = Html.page("Comparison of bundles", ReportPage.STYLE);
    page.open("header").add(ReportPage.warning()).element("h1", "Comparison of bundles");
    page.close().open("main").open("section");
    double least =
        rows.stream()
            .flatMap(
                row ->
                    List.of(Split.TEST, Split.VALIDATION).stream()
                        .map(split -> row.of(split, Metric.AUC).low()))
            .mapToDouble(low -> low)
            .filter(low -> !Double.isNaN(low))
            .min()
            .orElse(0);
    double from = Math.max(0, Math.floor(least * 10 - 1e-9) / 10);
    Table table =
        Table.of(
            "In brackets and strips 95 % intervals over resampled patients, as the bundles recorded"
                + " them; decisions as each artifact makes them, by its own threshold chosen on"
                + " validation. Of more than two classes, AUC, sensitivity and specificity are"
                + " means over the classes."
                + machine
                    .map(
                        m ->
                            " Speed: one image on one thread of "
                                + m
                                + ", in turns with the first bundle's float32.")
                    .orElse(""),
            heads(from));
    for (Row row : rows) {
      Interval test = row.of(Split.TEST, Metric.AUC);
      Interval validation = row.of(Split.VALIDATION, Metric.AUC);
      boolean blessed = row.report.verdict().blessed();
      List<Cell> cells = new ArrayList<>();
      cells.add(Cell.of(row.bundle));
      cells.add(Cell.of("left", row.report.artifact()));
      cells.add(Cell.of("main", Numbers.interval(test)));
      cells.add(new Cell("strip", IntervalStrip.html(from, 1, test, validation)));
      cells.add(Cell.of(Numbers.interval(validation)));
      for (Metric metric : SHOWN) {
        cells.add(Cell.of(Numbers.interval(row.of(Split.TEST, metric))));
      }
      cells.add(Cell.of(Numbers.megabytes(row.report.size().raw())));
      cells.add(Cell.of(Numbers.megabytes(row.report.size().gzip())));
      cells.add(
          Cell.of(row.speed.map(s -> Numbers.decimals(s.milliseconds(), 2)).orElse(Numbers.NONE)));
      cells.add(
          Cell.of(
              row.speed
                  .map(s -> String.format(Locale.ROOT, "%.2f ×", s.speedup()))
                  .orElse(Numbers.NONE)));
      cells.add(Cell.of(blessed ? "good" : "bad", blessed ? "✓ blessed" : "✗ refused"));
      table.row(cells);
    }
    page.add(table.html()).close();
    return page.close().endPage();
  }

  private static List<Cell> heads(double from) {
    List<Cell> heads = new ArrayList<>();
    heads.add(Cell.of("Bundle"));
    heads.add(Cell.of("left", "artifact"));
    heads.add(Cell.of("key test", "test AUC"));
    heads.add(new Cell("strip", IntervalStrip.scale(from, 1)));
    heads.add(Cell.of("key validation", "validation AUC"));
    SHOWN.forEach(metric -> heads.add(Cell.of(metric.title())));
    for (String head : List.of("MB", "MB after gzip", "ms an image", "speed", "gate")) {
      heads.add(Cell.of(head));
    }
    return heads;
  }
}
