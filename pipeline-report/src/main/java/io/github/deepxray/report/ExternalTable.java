package io.github.deepxray.report;

import io.github.deepxray.core.metrics.ConfusionMatrix;
import io.github.deepxray.core.metrics.Drift;
import io.github.deepxray.core.metrics.Evaluation;
import io.github.deepxray.core.metrics.Interval;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.datasets.ClassNames;
import io.github.deepxray.report.ExternalValidation.Guard;
import io.github.deepxray.report.ExternalValidation.NamedDrift;
import io.github.deepxray.report.ExternalValidation.SliceMetrics;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.stream.Collectors;

/** Text table of an external validation. */
final class ExternalTable {
  private final ExternalValidation result;
  private final ClassNames classes;
  private final StringBuilder text = new StringBuilder();

  private ExternalTable(ExternalValidation result) {
    this.result = result;
    this.classes = result.model().profile().classes();
  }

  static String of(ExternalValidation result) {
    ExternalTable table = new ExternalTable(result);
    table.head();
    table.metrics();
    result.guard().ifPresent(table::guard);
    table.slices();
    table.drift();
    result.remarks().forEach(remark -> table.line("- " + remark));
    return table.text.toString();
  }

  /** Returns a signed difference with its interval. */
  static String difference(Interval of) {
    return Double.isNaN(of.value())
        ? "-"
        : String.format(Locale.ROOT, "%+.3f (%+.3f to %+.3f)", of.value(), of.low(), of.high());
  }

  private void head() {
    Evaluation evaluation = result.evaluation();
    OptionalDouble threshold = evaluation.decisions().get(ExternalValidation.DECISION).threshold();
    line(
        String.format(
            Locale.ROOT,
            "%s (%s) on %s%s: %,d images of %,d patients (%s)",
            result.model().name(),
            result.model().artifact(),
            result.data().name(),
            result.data().split().map(split -> ", split " + split.key()).orElse(""),
            evaluation.total(),
            evaluation.patients(),
            counts(evaluation)));
    line(
        "95 % intervals by patient; "
            + (threshold.isPresent()
                ? String.format(Locale.ROOT, "the bundle's threshold %.4f", threshold.getAsDouble())
                : "the most probable class is decided for"));
  }

  private String counts(Evaluation evaluation) {
    return classes.labels().stream()
        .map(label -> classes.of(label) + " " + evaluation.images().get(label.index()))
        .collect(Collectors.joining(", "));
  }

  private void metrics() {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("", "external", "own test split", "difference"));
    for (Metric metric : Metric.values()) {
      rows.add(
          List.of(
              metric.title(classes.size()),
              result.of(metric).toString(),
              result.reference().of(metric).toString(),
              difference(result.reference().difference(metric))));
    }
    table(rows);
    ConfusionMatrix counts =
        result.evaluation().decisions().get(ExternalValidation.DECISION).confusion();
    if (classes.size() == 2) {
      line(
          "  %s called %s: %s of %s; %s called %s: %s of %s"
              .formatted(
                  classes.list().get(1),
                  classes.list().get(0),
                  counts.wrong(1),
                  counts.images(1),
                  classes.list().get(0),
                  classes.list().get(1),
                  counts.wrong(0),
                  counts.images(0)));
    }
  }

  private void guard(Guard guard) {
    line(
        "  unlike the training images: %s, %s%s"
            .formatted(
                guard.unfamiliar(),
                guard.share(),
                guard.own().isPresent()
                    ? "; of the own validation images " + decimals(guard.own().getAsDouble())
                    : ""));
    guard
        .familiar()
        .ifPresent(
            familiar ->
                line(
                    "  without them: "
                        + Metric.HEADLINES.stream()
                            .map(m -> m.title(classes.size()) + " " + familiar.of(m))
                            .collect(Collectors.joining(", "))));
  }

  private void slices() {
    if (result.slices().isEmpty()) {
      return;
    }
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("slice", "images", "patients", "AUC", "sensitivity", "specificity"));
    for (SliceMetrics slice : result.slices()) {
      rows.add(
          List.of(
              slice.name(),
              String.valueOf(slice.evaluation().total()),
              String.valueOf(slice.evaluation().patients()),
              slice.of(Metric.AUC).toString(),
              slice.of(Metric.SENSITIVITY).toString(),
              slice.of(Metric.SPECIFICITY).toString()));
    }
    table(rows);
  }

  private void drift() {
    table(driftRows(result.drift()));
  }

  /** Returns the rows of a table of drifts, with its head. */
  static List<List<String>> driftRows(List<NamedDrift> drift) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("drift of", "KS", "limit", "PSI", "limit", "extent"));
    drift.forEach(named -> rows.add(driftRow(named)));
    return rows;
  }

  private static String decimals(double value) {
    return String.format(Locale.ROOT, "%.3f", value);
  }

  private void table(List<List<String>> rows) {
    TextColumns.of(rows).forEach(this::line);
  }

  private static List<String> driftRow(NamedDrift named) {
    Drift drift = named.drift();
    return List.of(
        named.name(),
        decimals(drift.kolmogorovSmirnov()),
        decimals(drift.kolmogorovSmirnovLimit()),
        decimals(drift.stabilityIndex()),
        decimals(drift.stabilityIndexLimit()),
        drift.extent().words());
  }

  private void line(String line) {
    text.append(line).append('\n');
  }
}
