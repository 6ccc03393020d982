package io.github.deepxray.pipeline;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.metrics.Interval;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.core.metrics.PooledDifference;
import io.github.deepxray.report.Experiments;
import io.github.deepxray.report.Experiments.Experiment;
import io.github.deepxray.report.Experiments.ModelSpeed;
import io.github.deepxray.report.Experiments.SeedSummary;
import io.github.deepxray.text.internal.Csv;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Comparison of experiments as text: Markdown table, CSV and JSON. */
public final class ExperimentsTable {
  private static final String FORMAT = "deepxray-comparison/2";

  private ExperimentsTable() {}

  /** Returns a Markdown table, notes, and the failed trainings. */
  public static String table(Experiments all) {
    StringBuilder text = new StringBuilder();
    List<String> heads =
        new ArrayList<>(List.of("experiment", "seeds", "validation AUC", "framed validation AUC"));
    Metric.HEADLINES.forEach(metric -> heads.add("test " + metric.title()));
    heads.addAll(List.of("difference of test AUC", "bytes", "gzip", "ms", "speed"));
    text.append("| ").append(String.join(" | ", heads)).append(" |\n");
    text.append("|").append("---|".repeat(heads.size())).append('\n');
    for (Experiment e : all.experiments()) {
      text.append("| ").append(String.join(" | ", cells(e, all.baseline()))).append(" |\n");
    }
    text.append('\n');
    all.notes().forEach(note -> text.append(note).append('\n'));
    all.machine()
        .ifPresent(
            machine ->
                text.append(
                    ("Speed: one image on one thread of %s, each in turns with %s: compare by"
                            + " speed, ms depend on what else the machine did.\n")
                        .formatted(machine, all.baseline())));
    if (all.failed()) {
      text.append("\nfailed:\n");
      for (Experiment e : all.experiments()) {
        e.failures()
            .forEach(
                (seed, reason) ->
                    text.append("  %s, seed %s: %s\n".formatted(e.name(), seed, reason)));
      }
    }
    return text.toString();
  }

  private static List<String> cells(Experiment e, String baseline) {
    List<String> cells = new ArrayList<>();
    cells.add(e.name());
    cells.add(Integer.toString(e.runs().size()));
    cells.add(e.validation(Metric.AUC).toString());
    cells.add(e.framed(Metric.AUC).toString());
    Metric.HEADLINES.forEach(metric -> cells.add(e.test(metric).toString()));
    cells.add(
        e.name().equals(baseline)
            ? "baseline"
            : e.differences().map(d -> signed(d.test().of(Metric.AUC))).orElse("-"));
    cells.add(e.bytes().map(ExperimentsTable::count).orElse("-"));
    cells.add(e.gzip().map(ExperimentsTable::count).orElse("-"));
    cells.add(e.speed().map(s -> decimals(s.milliseconds(), "")).orElse("-"));
    cells.add(e.speed().map(s -> decimals(s.speedup(), "x")).orElse("-"));
    return cells;
  }

  private static String signed(Interval interval) {
    return "%s (%s to %s)"
        .formatted(signed(interval.value()), signed(interval.low()), signed(interval.high()));
  }

  private static String signed(double value) {
    // Avoid -0.000 from rounding errors.
    return String.format(Locale.ROOT, "%+.4f", Math.abs(value) < 5e-5 ? 0 : value);
  }

  private static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  private static String decimals(double value, String unit) {
    return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%.2f%s", value, unit);
  }

  /** Returns the cells of an experiment by column name; a cell without a value is empty. */
  private static Map<String, String> line(Experiment e) {
    Map<String, String> line = new LinkedHashMap<>();
    line.put("experiment", e.name());
    line.put("seeds", Integer.toString(e.runs().size()));
    line.put("failed", Integer.toString(e.failures().size()));
    for (Metric metric : Metric.values()) {
      spread(line, "validation_" + metric.id(), e.validation(metric));
      spread(line, "framed_" + metric.id(), e.framed(metric));
      spread(line, "test_" + metric.id(), e.test(metric));
    }
    line.put("pairs", Integer.toString(e.differences().map(d -> d.test().pairs()).orElse(0)));
    for (Metric metric : Metric.values()) {
      difference(
          line,
          "validation_" + metric.id(),
          e.differences().map(d -> d.validation().of(metric)).orElse(Interval.UNKNOWN));
      difference(
          line,
          "test_" + metric.id(),
          e.differences().map(d -> d.test().of(metric)).orElse(Interval.UNKNOWN));
    }
    line.put("bytes", e.bytes().map(String::valueOf).orElse(""));
    line.put("gzip", e.gzip().map(String::valueOf).orElse(""));
    line.put("milliseconds", e.speed().map(s -> number(s.milliseconds())).orElse(""));
    line.put("speed", e.speed().map(s -> number(s.speedup())).orElse(""));
    line.put(
        "reason",
        e.failures().entrySet().stream()
            .map(failure -> "seed " + failure.getKey() + ": " + failure.getValue())
            .collect(Collectors.joining(" ")));
    return line;
  }

  private static void spread(Map<String, String> line, String name, SeedSummary spread) {
    line.put(name, number(spread.mean()));
    line.put(name + "_deviation", number(spread.deviation()));
  }

  private static void difference(Map<String, String> line, String name, Interval difference) {
    line.put(name + "_difference", number(difference.value()));
    line.put(name + "_difference_low", number(difference.low()));
    line.put(name + "_difference_high", number(difference.high()));
  }

  private static String number(double value) {
    return Double.isNaN(value) ? "" : Double.toString(value);
  }

  /** Returns CSV with a header and one line for each experiment. */
  public static String csv(Experiments all) {
    return Csv.table(all.experiments().stream().map(ExperimentsTable::line).toList());
  }

  /** Returns JSON with all values, including each training; a field without a value is missing. */
  public static String json(Experiments all) {
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
        object.set("validation", spreads(e::validation));
        object.set("test", spreads(e::test));
      }
      e.differences()
          .ifPresent(
              differences -> {
                ObjectNode node = object.putObject("difference");
                node.set("validation", tree(differences.validation()));
                node.set("test", tree(differences.test()));
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

  private static ObjectNode tree(PooledDifference difference) {
    ObjectNode node = Json.object().put("pairs", difference.pairs());
    difference
        .differences()
        .forEach((metric, interval) -> node.set(metric.id(), Json.tree(interval)));
    return node;
  }

  private static ObjectNode spreads(Function<Metric, SeedSummary> spreads) {
    ObjectNode node = Json.object();
    for (Metric metric : Metric.values()) {
      SeedSummary spread = spreads.apply(metric);
      ObjectNode value = node.putObject(metric.id());
      if (!Double.isNaN(spread.mean())) {
        value.put("mean", spread.mean());
      }
      if (!Double.isNaN(spread.deviation())) {
        value.put("deviation", spread.deviation());
      }
    }
    return node;
  }
}
