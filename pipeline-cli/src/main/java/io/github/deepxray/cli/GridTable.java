package io.github.deepxray.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.deepxray.core.io.Csv;
import io.github.deepxray.core.io.Json;
import io.github.deepxray.core.metrics.Interval;
import io.github.deepxray.export.report.Experiments;
import io.github.deepxray.export.report.Experiments.Experiment;
import io.github.deepxray.export.report.Experiments.Run;
import io.github.deepxray.export.report.Experiments.Scores;
import io.github.deepxray.export.report.ModelSpeed;
import io.github.deepxray.export.report.Spread;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/** Experiments side by side as text: a table for people, CSV and JSON. */
final class GridTable {
  private static final String FORMAT = "deepxray-comparison/1";
  private static final Interval UNKNOWN = new Interval(Double.NaN, Double.NaN, Double.NaN);

  private static final Map<String, ToDoubleFunction<Scores>> METRICS = metrics();

  private static Map<String, ToDoubleFunction<Scores>> metrics() {
    Map<String, ToDoubleFunction<Scores>> metrics = new LinkedHashMap<>();
    metrics.put("auc", Scores::auc);
    metrics.put("accuracy", Scores::accuracy);
    metrics.put("sensitivity", Scores::sensitivity);
    metrics.put("specificity", Scores::specificity);
    return metrics;
  }

  private GridTable() {}

  static String table(Experiments all) {
    StringBuilder text = new StringBuilder();
    text.append(
        "| experiment | seeds | validation AUC | test AUC | accuracy | sensitivity | specificity |"
            + " difference of test AUC | bytes | gzip | ms | speed |\n"
            + "|---|---:|---|---|---|---|---|---|---:|---:|---:|---:|\n");
    for (Experiment e : all.experiments()) {
      List<String> cells = new ArrayList<>();
      cells.add(e.name());
      cells.add(Integer.toString(e.runs().size()));
      cells.add(e.spread(run -> run.validation().auc()).toString());
      for (ToDoubleFunction<Scores> metric : METRICS.values()) {
        cells.add(e.spread(run -> metric.applyAsDouble(run.test())).toString());
      }
      cells.add(
          e.name().equals(all.baseline())
              ? "baseline"
              : e.differences().map(d -> signed(d.test().auc())).orElse("-"));
      cells.add(e.bytes().map(GridTable::count).orElse("-"));
      cells.add(e.gzip().map(GridTable::count).orElse("-"));
      cells.add(e.speed().map(s -> decimals(s.milliseconds(), "")).orElse("-"));
      cells.add(e.speed().map(s -> decimals(s.speedup(), "x")).orElse("-"));
      text.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }
    text.append('\n');
    all.notes().forEach(note -> text.append(note).append('\n'));
    all.machine()
        .ifPresent(
            machine ->
                text.append("Speed: one image on one thread of ")
                    .append(machine)
                    .append(", each in turns with ")
                    .append(all.baseline())
                    .append(": compare by speed, ms depend on what else the machine did.\n"));
    if (all.failed()) {
      text.append("\nfailed:\n");
      for (Experiment e : all.experiments()) {
        e.failures()
            .forEach(
                (seed, reason) ->
                    text.append("  ")
                        .append(e.name())
                        .append(", seed ")
                        .append(seed)
                        .append(": ")
                        .append(reason)
                        .append('\n'));
      }
    }
    return text.toString();
  }

  private static String signed(Interval interval) {
    return signed(interval.value())
        + " ("
        + signed(interval.low())
        + " to "
        + signed(interval.high())
        + ")";
  }

  private static String signed(double value) {
    // Sums of floating-point numbers leave a little where nothing is left.
    return String.format(Locale.ROOT, "%+.4f", Math.abs(value) < 5e-5 ? 0 : value);
  }

  private static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  private static String decimals(double value, String unit) {
    return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%.2f%s", value, unit);
  }

  /** A row of numbers; NaN, or -1 for bytes, where something is not known. */
  private record Line(
      String experiment,
      int seeds,
      int failed,
      double validationAuc,
      double validationAucDeviation,
      double auc,
      double aucDeviation,
      double accuracy,
      double accuracyDeviation,
      double sensitivity,
      double sensitivityDeviation,
      double specificity,
      double specificityDeviation,
      int pairs,
      double validationAucDifference,
      double validationAucDifferenceLow,
      double validationAucDifferenceHigh,
      double aucDifference,
      double aucDifferenceLow,
      double aucDifferenceHigh,
      double accuracyDifference,
      double accuracyDifferenceLow,
      double accuracyDifferenceHigh,
      long bytes,
      long gzip,
      double milliseconds,
      double speed,
      String reason) {
    static Line of(Experiment e) {
      Spread validation = e.spread(run -> run.validation().auc());
      List<Spread> test =
          METRICS.values().stream()
              .map(metric -> e.spread(run -> metric.applyAsDouble(run.test())))
              .toList();
      Function<Function<Experiments.Differences, Interval>, Interval> difference =
          which -> e.differences().map(which).orElse(UNKNOWN);
      Interval onValidation = difference.apply(d -> d.validation().auc());
      Interval auc = difference.apply(d -> d.test().auc());
      Interval accuracy = difference.apply(d -> d.test().accuracy());
      return new Line(
          e.name(),
          e.runs().size(),
          e.failures().size(),
          validation.mean(),
          validation.deviation(),
          test.get(0).mean(),
          test.get(0).deviation(),
          test.get(1).mean(),
          test.get(1).deviation(),
          test.get(2).mean(),
          test.get(2).deviation(),
          test.get(3).mean(),
          test.get(3).deviation(),
          e.differences().map(d -> d.test().pairs()).orElse(0),
          onValidation.value(),
          onValidation.low(),
          onValidation.high(),
          auc.value(),
          auc.low(),
          auc.high(),
          accuracy.value(),
          accuracy.low(),
          accuracy.high(),
          e.bytes().orElse(-1L),
          e.gzip().orElse(-1L),
          e.speed().map(ModelSpeed::milliseconds).orElse(Double.NaN),
          e.speed().map(ModelSpeed::speedup).orElse(Double.NaN),
          e.failures().entrySet().stream()
              .map(failure -> "seed " + failure.getKey() + ": " + failure.getValue())
              .collect(Collectors.joining(" ")));
    }
  }

  static String csv(Experiments all) {
    StringBuilder text = new StringBuilder(Csv.header(Line.class) + "\n");
    all.experiments().forEach(e -> text.append(Csv.line(Line.of(e))));
    return text.toString();
  }

  /** All there is, each training included; nothing where something is not known. */
  static String json(Experiments all) {
    ObjectNode tree = Json.object();
    tree.put("format", FORMAT);
    tree.put("baseline", all.baseline());
    all.bestOnValidation().ifPresent(best -> tree.put("bestOnValidation", best.name()));
    tree.set("seeds", Json.tree(all.seeds()));
    tree.set("options", Json.tree(all.options()));
    tree.set("notes", Json.tree(all.notes()));
    all.machine().ifPresent(machine -> tree.put("speedMeasuredOn", machine));
    ArrayNode experiments = tree.putArray("experiments");
    for (Experiment e : all.experiments()) {
      ObjectNode object = experiments.addObject();
      object.put("name", e.name());
      object.set("options", Json.tree(e.options()));
      if (!e.runs().isEmpty()) {
        object.set("validation", spreads(e, Run::validation));
        object.set("test", spreads(e, Run::test));
      }
      e.differences()
          .ifPresent(
              differences -> {
                ObjectNode node = object.putObject("difference");
                node.set("validation", Json.tree(differences.validation()));
                node.set("test", Json.tree(differences.test()));
              });
      e.bytes().ifPresent(bytes -> object.put("bytes", bytes));
      e.gzip().ifPresent(bytes -> object.put("gzip", bytes));
      e.speed().ifPresent(speed -> put(object, speed));
      object.set("runs", Json.tree(e.runs()));
      ArrayNode failures = object.putArray("failures");
      e.failures()
          .forEach((seed, reason) -> failures.addObject().put("seed", seed).put("reason", reason));
    }
    return Json.pretty(tree);
  }

  private static void put(ObjectNode object, ModelSpeed speed) {
    object.put("milliseconds", speed.milliseconds());
    Optional.of(speed.speedup())
        .filter(s -> !Double.isNaN(s))
        .ifPresent(s -> object.put("speed", s));
  }

  private static ObjectNode spreads(Experiment e, Function<Run, Scores> split) {
    ObjectNode node = Json.object();
    METRICS.forEach(
        (name, metric) -> {
          Spread spread = e.spread(run -> metric.applyAsDouble(split.apply(run)));
          ObjectNode value = node.putObject(name).put("mean", spread.mean());
          if (!Double.isNaN(spread.deviation())) {
            value.put("deviation", spread.deviation());
          }
        });
    return node;
  }
}
