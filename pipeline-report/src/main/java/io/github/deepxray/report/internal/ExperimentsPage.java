package io.github.deepxray.report.internal;

import io.github.deepxray.core.metrics.Interval;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.core.metrics.PooledDifference;
import io.github.deepxray.report.Experiments;
import io.github.deepxray.report.Experiments.Experiment;
import io.github.deepxray.report.Experiments.Run;
import io.github.deepxray.report.Experiments.SeedSummary;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/**
 * Comparison of experiments as a self-contained HTML page, with the style of a bundle's report. The
 * page is reproducible.
 */
public final class ExperimentsPage {
  private final Experiments content;
  private final Optional<Experiment> best;

  private ExperimentsPage(Experiments content) {
    this.content = content;
    this.best = content.bestOnValidation();
  }

  /** Failed training. */
  record Failure(String experiment, long seed, String reason) {}

  /** Returns a comparison as HTML. */
  public static String html(Experiments content) {
    ExperimentsPage page = new ExperimentsPage(content);
    return Templates.html(out -> JteexperimentsGenerated.render(out, null, page));
  }

  int number() {
    return content.experiments().size();
  }

  List<String> notes() {
    return content.notes();
  }

  /** Options that all experiments share. */
  Map<String, String> shared() {
    return content.options();
  }

  List<Failure> failures() {
    return content.experiments().stream()
        .flatMap(
            e ->
                e.failures().entrySet().stream()
                    .map(failed -> new Failure(e.name(), failed.getKey(), failed.getValue())))
        .toList();
  }

  Table results() {
    double from = IntervalStrip.from(least());
    List<Cell> heads = new ArrayList<>(heads(from, 1));
    heads.add(2, Cell.of("framed validation AUC"));
    Table table =
        Table.of(
            "Mean ± standard deviation over the seeds; lines show the range of the AUC "
                + "over the seeds, test above, validation below.",
            heads);
    for (Experiment e : content.experiments()) {
      List<Cell> cells = new ArrayList<>();
      cells.add(name(e));
      cells.add(Cell.of(text(e.validation(Metric.AUC))));
      cells.add(Cell.of(isBest(e) ? "main" : "", text(e.framed(Metric.AUC))));
      cells.add(
          Cell.of(
              IntervalStrip.of(
                  from, 1, range(e.test(Metric.AUC)), range(e.validation(Metric.AUC)))));
      Metric.HEADLINES.forEach(metric -> cells.add(Cell.of(text(e.test(metric)))));
      table.row(cells);
    }
    return table;
  }

  /** Returns the differences from the baseline; without rows if there is nothing to compare. */
  Table differences() {
    double reach = reach();
    List<Cell> heads = new ArrayList<>(heads(-reach, reach));
    heads.add(Cell.of("pairs of seeds"));
    Table table =
        Table.of(
            "Difference from "
                + content.baseline()
                + ", with 95 % bootstrap intervals by patient; test above, validation below.",
            heads);
    for (Experiment e : content.experiments()) {
      e.differences().ifPresent(differences -> table.row(row(e.name(), differences, reach)));
    }
    return table;
  }

  private static List<Cell> row(String name, Experiments.Differences differences, double reach) {
    PooledDifference test = differences.test();
    PooledDifference validation = differences.validation();
    List<Cell> cells = new ArrayList<>();
    cells.add(Cell.of(name));
    cells.add(Cell.of(difference(validation.of(Metric.AUC))));
    cells.add(
        Cell.of(IntervalStrip.of(-reach, reach, test.of(Metric.AUC), validation.of(Metric.AUC))));
    Metric.HEADLINES.forEach(metric -> cells.add(Cell.of(difference(test.of(metric)))));
    cells.add(Cell.of(Integer.toString(test.pairs())));
    return cells;
  }

  /**
   * Returns the heads of tables with the AUC on validation, a strip and metrics of the test split.
   */
  private static List<Cell> heads(double from, double to) {
    List<Cell> heads = new ArrayList<>();
    heads.add(Cell.of("Experiment"));
    heads.add(Cell.of("key validation", "validation AUC"));
    heads.add(Cell.of(IntervalStrip.scale(from, to)));
    Metric.HEADLINES.forEach(metric -> heads.add(Cell.of("key test", "test " + metric.title())));
    return heads;
  }

  private boolean isBest(Experiment e) {
    return best.filter(b -> b.name().equals(e.name())).isPresent();
  }

  private Cell name(Experiment e) {
    List<String> tags = new ArrayList<>();
    if (e.name().equals(content.baseline())) {
      tags.add("baseline");
    }
    if (isBest(e)) {
      tags.add("best on framed validation");
    }
    if (!e.failures().isEmpty()) {
      tags.add(e.failures().size() + " of " + content.seeds().size() + " seeds failed");
    }
    return tags.isEmpty()
        ? Cell.of(e.name())
        : Cell.of(
            "", List.of(Span.plain(e.name()), new Span(Span.Look.TAG, String.join(", ", tags))));
  }

  private static String text(SeedSummary spread) {
    return spread.toString().equals("-") ? Numbers.NONE : spread.toString();
  }

  /** Returns the range over the seeds. */
  private static Interval range(SeedSummary spread) {
    return new Interval(spread.mean(), spread.least(), spread.most());
  }

  private static String difference(Interval interval) {
    return "%s (%s to %s)"
        .formatted(signed(interval.value()), signed(interval.low()), signed(interval.high()));
  }

  private static String signed(double value) {
    // Avoid -0.000 from rounding errors.
    return Numbers.signed(Math.abs(value) < 5e-5 ? 0 : value, 4);
  }

  private double least() {
    return content.experiments().stream()
        .flatMap(e -> e.runs().stream())
        .flatMapToDouble(
            run -> DoubleStream.of(run.test().get(Metric.AUC), run.validation().get(Metric.AUC)))
        .filter(auc -> !Double.isNaN(auc))
        .min()
        .orElse(0);
  }

  /**
   * Returns the largest absolute difference or interval end, rounded up to 1, 2 or 5 of a decimal.
   */
  private double reach() {
    double largest =
        content.experiments().stream()
            .flatMap(e -> e.differences().stream())
            .flatMap(d -> Stream.of(d.test().of(Metric.AUC), d.validation().of(Metric.AUC)))
            .flatMapToDouble(i -> DoubleStream.of(i.value(), i.low(), i.high()))
            .filter(value -> !Double.isNaN(value))
            .map(Math::abs)
            .max()
            .orElse(0);
    for (double step : new double[] {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5}) {
      if (largest <= step) {
        return step;
      }
    }
    return 1;
  }

  Table sizes() {
    Table table =
        Table.of(
            "The float32 .tflite file. "
                + content
                    .machine()
                    .map(
                        machine ->
                            ("Speed: one image on one thread of %s, each in turns with %s:"
                                    + " compare by speed, ms depend on what else the machine"
                                    + " did.")
                                .formatted(machine, content.baseline()))
                    .orElse("Speed was not measured."),
            "Experiment",
            "MB",
            "MB after gzip",
            "ms per image",
            "speed");
    for (Experiment e : content.experiments()) {
      List<Cell> cells = new ArrayList<>(List.of(Cell.of(e.name())));
      cells.add(Cell.of(e.bytes().map(Numbers::megabytes).orElse(Numbers.NONE)));
      cells.add(Cell.of(e.gzip().map(Numbers::megabytes).orElse(Numbers.NONE)));
      cells.addAll(Cell.of(e.speed()));
      table.row(cells);
    }
    return table;
  }

  /** Returns a table with a row for each training. */
  Table trainings() {
    List<Cell> heads = new ArrayList<>();
    heads.addAll(List.of(Cell.of("Experiment"), Cell.of("seed"), Cell.of("threshold")));
    for (String split : List.of("validation", "test")) {
      Metric.HEADLINES.forEach(metric -> heads.add(Cell.of(split + " " + metric.title())));
    }
    Table table = Table.of("Metrics on validation and test; decisions as in the results.", heads);
    for (Experiment e : content.experiments()) {
      for (Run run : e.runs()) {
        List<String> cells = new ArrayList<>(List.of(e.name(), Long.toString(run.seed())));
        cells.add(Numbers.probability(run.threshold().orElse(Double.NaN)));
        for (Map<Metric, Double> split : List.of(run.validation(), run.test())) {
          Metric.HEADLINES.forEach(m -> cells.add(Numbers.decimals(split.get(m), 4)));
        }
        table.row(cells.toArray(String[]::new));
      }
    }
    return table;
  }

  /** Returns a table of the options in which experiments differ. */
  Table options() {
    Set<String> keys = new TreeSet<>();
    content.experiments().forEach(e -> keys.addAll(e.options().keySet()));
    List<Cell> heads = new ArrayList<>(List.of(Cell.of("Experiment")));
    keys.forEach(key -> heads.add(Cell.of(key)));
    Table table = Table.of("Options of the run command in which the experiments differ.", heads);
    for (Experiment e : content.experiments()) {
      List<String> cells = new ArrayList<>(List.of(e.name()));
      keys.forEach(key -> cells.add(e.options().getOrDefault(key, Numbers.NONE)));
      table.row(cells.toArray(String[]::new));
    }
    return table;
  }
}
