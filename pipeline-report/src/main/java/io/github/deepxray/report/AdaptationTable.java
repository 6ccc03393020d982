package io.github.deepxray.report;

import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.datasets.ClassNames;
import io.github.deepxray.report.SiteAdaptation.Estimate;
import io.github.deepxray.report.SiteAdaptation.HeldOut;
import io.github.deepxray.report.SiteAdaptation.Thresholds;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Text table of an adaptation to a site. */
final class AdaptationTable {
  private final SiteAdaptation result;
  private final ClassNames classes;
  private final StringBuilder text = new StringBuilder();

  private AdaptationTable(SiteAdaptation result) {
    this.result = result;
    this.classes = result.model().classes();
  }

  static String of(SiteAdaptation result) {
    AdaptationTable table = new AdaptationTable(result);
    table.head();
    result.heldOut().ifPresent(table::heldOut);
    result.estimate().ifPresent(table::estimate);
    table.thresholds();
    table.table(ExternalTable.driftRows(result.drift()));
    // Remarks are texts, not formats.
    result.remarks().forEach(remark -> table.line("%s", "- " + remark));
    return table.text.toString();
  }

  private void head() {
    line(
        "%s (%s) adapted to %s: %,d images of %,d patients",
        result.model().name(),
        result.model().artifact(),
        result.site().name(),
        result.site().images(),
        result.site().patients());
    line(
        "method %s, fitted on %,d images of %,d patients: logit * %.4f %+.4f",
        result.adaptation().method().key(),
        result.adaptation().images(),
        result.adaptation().patients(),
        result.adaptation().slope(),
        result.adaptation().offset());
  }

  private void heldOut(HeldOut held) {
    line(
        "patients of the fit: %s; held out: %s; 95 %% intervals by patient",
        counts(held.fittedPatients()), counts(held.patients()));
    line("thresholds for a sensitivity of %s", held.targetSensitivity());
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("held-out patients", "before", "after", "difference"));
    for (Metric metric : Metric.values()) {
      rows.add(
          List.of(
              metric.title(classes.size()),
              held.before(metric).toString(),
              held.after(metric).toString(),
              ExternalTable.difference(held.difference(metric))));
    }
    table(rows);
  }

  private String counts(List<Long> patients) {
    return classes.labels().stream()
        .map(label -> classes.of(label) + " " + patients.get(label.index()))
        .collect(Collectors.joining(", "));
  }

  private void estimate(Estimate estimate) {
    line(
        "prevalence of %s: %s, before %.3f; 95 %% interval by patient",
        classes.list().get(1),
        estimate.site().prevalence(),
        result.prevalence().before().orElse(Double.NaN));
  }

  private void thresholds() {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("threshold of", "before", "after", "with the file's own probability"));
    for (Thresholds of : result.thresholds()) {
      rows.add(
          List.of(of.artifact(), decimals(of.before()), decimals(of.after()), decimals(of.own())));
    }
    table(rows);
  }

  private static String decimals(double value) {
    return String.format(Locale.ROOT, "%.4f", value);
  }

  private void table(List<List<String>> rows) {
    TextColumns.of(rows).forEach(row -> text.append(row).append('\n'));
  }

  private void line(String format, Object... values) {
    text.append(String.format(Locale.ROOT, format, values)).append('\n');
  }
}
