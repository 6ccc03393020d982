package io.github.deepxray.export.report;

import io.github.deepxray.core.bundle.ArtifactReport;
import io.github.deepxray.core.html.Html;
import io.github.deepxray.core.metrics.Comparison;
import io.github.deepxray.core.metrics.Interval;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.export.report.Table.Cell;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/**
 * The artifacts of several bundles side by side as one HTML page that needs nothing beside it, in
 * the look of {@link ReportPage}. The same content gives the same bytes.
 */
public final class BundlesPage {
  private static final Interval UNKNOWN = new Interval(Double.NaN, Double.NaN, Double.NaN);

  private BundlesPage() {}

  /**
   * An artifact of a bundle.
   *
   * @param bundle where it is
   * @param report what the bundle says about it
   * @param speed if it was measured, compared with the first bundle's float32
   */
  public record Row(String bundle, ArtifactReport report, Optional<ModelSpeed> speed) {
    Interval metric(Split split, Function<Comparison, Interval> metric) {
      Comparison measured = report.verdict().splits().get(split.key());
      return measured == null ? UNKNOWN : metric.apply(measured);
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
                        .map(split -> row.metric(split, Comparison::auc).low()))
            .mapToDouble(low -> low)
            .filter(low -> !Double.isNaN(low))
            .min()
            .orElse(0);
    double from = Math.max(0, Math.floor(least * 10 - 1e-9) / 10);
    Table table =
        Table.of(
            "In brackets and strips 95 % intervals over resampled patients, as the bundles recorded"
                + " them; decisions at each artifact's own threshold, chosen on validation."
                + machine
                    .map(
                        m ->
                            " ModelSpeed: one image on one thread of "
                                + m
                                + ", in turns with the first bundle's float32.")
                    .orElse(""),
            List.of(
                Cell.of("Bundle"),
                Cell.of("left", "artifact"),
                Cell.of("key test", "test AUC"),
                new Cell("strip", IntervalStrip.scale(from, 1)),
                Cell.of("key validation", "validation AUC"),
                Cell.of("accuracy"),
                Cell.of("sensitivity"),
                Cell.of("specificity"),
                Cell.of("MB"),
                Cell.of("MB after gzip"),
                Cell.of("ms an image"),
                Cell.of("speed"),
                Cell.of("gate")));
    for (Row row : rows) {
      Interval test = row.metric(Split.TEST, Comparison::auc);
      Interval validation = row.metric(Split.VALIDATION, Comparison::auc);
      boolean blessed = row.report.verdict().blessed();
      table.row(
          List.of(
              Cell.of(row.bundle),
              Cell.of("left", row.report.artifact()),
              Cell.of("main", Numbers.interval(test)),
              new Cell("strip", IntervalStrip.html(from, 1, test, validation)),
              Cell.of(Numbers.interval(validation)),
              Cell.of(Numbers.interval(row.metric(Split.TEST, Comparison::accuracy))),
              Cell.of(Numbers.interval(row.metric(Split.TEST, Comparison::sensitivity))),
              Cell.of(Numbers.interval(row.metric(Split.TEST, Comparison::specificity))),
              Cell.of(Numbers.megabytes(row.report.size().raw())),
              Cell.of(Numbers.megabytes(row.report.size().gzip())),
              Cell.of(
                  row.speed.map(s -> Numbers.decimals(s.milliseconds(), 2)).orElse(Numbers.NONE)),
              Cell.of(
                  row.speed
                      .map(s -> String.format(Locale.ROOT, "%.2f ×", s.speedup()))
                      .orElse(Numbers.NONE)),
              Cell.of(blessed ? "good" : "bad", blessed ? "✓ blessed" : "✗ refused")));
    }
    page.add(table.html()).close();
    return page.close().endPage();
  }
}
