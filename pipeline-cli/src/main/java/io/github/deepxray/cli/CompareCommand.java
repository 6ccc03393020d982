package io.github.deepxray.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.ArtifactReport;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.engine.Engines;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.metrics.Comparison;
import io.github.deepxray.core.metrics.Interval;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.export.internal.Latency;
import io.github.deepxray.pipeline.ExperimentsTable;
import io.github.deepxray.pipeline.Pipeline;
import io.github.deepxray.report.Experiments;
import io.github.deepxray.report.Experiments.ModelSpeed;
import io.github.deepxray.report.internal.BundlesPage;
import io.github.deepxray.report.internal.BundlesPage.Row;
import io.github.deepxray.report.internal.Provenance;
import io.github.deepxray.text.internal.Csv;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Experiments, or finished bundles, side by side. */
@Command(
    name = "compare",
    description = {
      "Runs experiments, or takes finished bundles, and prints them in one table: metrics with"
          + " intervals, sizes, speed.",
      "",
      "With a .yaml or .json file: trains and evaluates every combination of some options of run"
          + " with several seeds. Each is a folder of <out>/experiments that run --config can take"
          + " on to a bundle; data is prepared once for a seed, embeddings are kept in one cache."
          + " What came to its end is not done again, what fails is named, the others go on, and"
          + " the exit code is 1. <out> gets comparison.csv, .json and .html. The file's fields, of"
          + " which only data and one of grid and experiments are needed:",
      "",
      "  data: chest-xray-pneumonia.zip       # as run --data",
      "  out: grid                            # or --out",
      "  cache: cache                         # or --cache; default <out>/cache",
      "  weights: {b0: imagenet, b1: b1.h5}   # or one for all; default imagenet",
      "  seeds: [0, 1, 2]                     # the default",
      "  baseline: b0_logistic_views-5        # default: the first",
      "  options: {epochs: 30, engine: tflite} # of run, for all",
      "  grid:                                # of run; every combination",
      "    backbone: [b0, b1]",
      "    head: [logistic, mine.yaml]",
      "    fine-tune: [none, block6a]         # none: without the option",
      "  experiments:                         # more, by name",
      "    original: {head: original, views: 1}",
      "",
      "With bundles: metrics, with 95 %% intervals, and sizes are those the bundles recorded. Speed"
          + " is measured now, on one thread: all .tflite files in turns, each compared with the"
          + " first bundle's float32 in the same turn: a speed of 2x means half its time. Decisions"
          + " use each artifact's own threshold, chosen on validation; of more than two classes the"
          + " most probable is decided for.",
      ""
    },
    footer = {
      "",
      "Example: deepxray compare grid.yaml --out grid",
      "Example: deepxray compare frozen/bundle tuned/bundle small/bundle --artifacts float32,int8"
    },
    sortOptions = false)
final class CompareCommand implements Callable<Integer> {
  @Mixin private CommonOptions common;

  @Parameters(
      arity = "1..*",
      paramLabel = "<file|bundles>",
      description = "One file that says what to run, or folders that export wrote.")
  private List<Path> folders;

  @Option(
      names = "--out",
      paramLabel = "<dir>",
      description = "The folder of all experiments. Default: the file's out.")
  private Optional<Path> out;

  @Option(
      names = "--cache",
      paramLabel = "<dir>",
      description =
          "Where embeddings are kept, for experiments. Default: the file's cache, or <out>/cache.")
  private Optional<Path> cache;

  @Mixin private ThreadsOption threads;

  @Option(
      names = "--html",
      paramLabel = "<file>",
      description = "Draw the table of bundles as a page, too. Default: none.")
  private Optional<Path> html;

  @Option(
      names = "--no-latency",
      description =
          "Do not measure speed, as with --turns 0: the files of experiments are then the same"
              + " bytes whenever they are made.")
  private boolean noLatency;

  @Option(
      names = "--turns",
      defaultValue = "30",
      paramLabel = "<n>",
      description =
          "How many turns to measure speed in; 0 to leave it out. Default: ${DEFAULT-VALUE}.")
  private int turns;

  @Option(
      names = "--artifacts",
      split = ",",
      paramLabel = "<forms>",
      description =
          "Only these forms, out of ${bundle:artifact.names}. Default: all that the bundles hold.")
  private List<String> artifacts = List.of();

  @Option(
      names = "--format",
      defaultValue = "table",
      paramLabel = "<format>",
      description = "table (Markdown), csv or json. Default: ${DEFAULT-VALUE}.")
  private Format format;

  private enum Format {
    TABLE,
    CSV,
    JSON
  }

  @Override
  public Integer call() throws Exception {
    if (turns < 0) {
      throw Usage.wrong(common, "--turns must be 0 or more, not " + turns + ".");
    }
    Optional<Path> spec = folders.stream().filter(GridSpec::isOne).findFirst();
    if (spec.isPresent() && folders.size() > 1) {
      throw Usage.wrong(
          common, "Give one file that says what to run, or bundles, not both: " + folders + ".");
    }
    Usage.refuseIgnored(
        common,
        spec.isPresent(),
        List.of("--out", "--cache", "--threads"),
        "a .yaml or .json file of experiments");
    Usage.refuseIgnored(common, spec.isEmpty(), List.of("--html", "--artifacts"), "bundles");
    return spec.isPresent() ? experiments(spec.get()) : bundles();
  }

  private int turns() {
    return noLatency ? 0 : turns;
  }

  private int experiments(Path file) throws IOException {
    GridSpec spec = Usage.check(common, () -> GridSpec.read(file));
    Path folder =
        out.or(() -> spec.out().map(Path::of))
            .orElseThrow(
                () -> Usage.wrong(common, "Where to? Give --out, or " + file + " the field out."));
    Pipeline pipeline =
        Usage.check(
            common,
            () ->
                Pipeline.in(folder)
                    .withEngine(Engines.named(spec.engine()))
                    .withCores(threads.cores())
                    .withProgress(common.console()));
    GridTrainings grid =
        new GridTrainings(
            common,
            file.toString(),
            spec,
            cache.or(() -> spec.cache().map(Path::of)).map(pipeline::withCache).orElse(pipeline));
    Experiments result = grid.run(grid.plan(turns()));
    common.print(
        switch (format) {
          case TABLE -> ExperimentsTable.table(result) + "\npage " + grid.page() + "\n";
          case CSV -> ExperimentsTable.csv(result);
          case JSON -> ExperimentsTable.json(result);
        });
    return result.failed() ? 1 : 0;
  }

  private int bundles() throws IOException {
    List<Artifact> wanted =
        Usage.check(common, () -> artifacts.stream().map(Artifact::of).toList());
    List<Row> rows = new ArrayList<>();
    Map<String, InferenceEngine> engines = new LinkedHashMap<>();
    try {
      for (Path folder : folders) {
        Bundle bundle = Bundle.open(folder);
        for (ArtifactReport report : bundle.artifacts()) {
          Artifact artifact = report.toArtifact();
          boolean shown = wanted.isEmpty() || wanted.contains(artifact);
          if (shown) {
            rows.add(new Row(folder.toString(), report, Optional.empty()));
          }
          // What all are compared with is measured even if it is not shown.
          boolean first = engines.isEmpty() && artifact.equals(Artifact.FLOAT32);
          if (turns() > 0 && (shown || first) && artifact.supported() && !artifact.usesAllCores()) {
            engines.put(name(folder.toString(), report), artifact.load(bundle, 1));
          }
        }
      }
      if (!engines.isEmpty()) {
        measure(engines, rows);
      }
    } finally {
      engines.values().forEach(InferenceEngine::close);
    }
    if (html.isPresent()) {
      AtomicFiles.write(html.get(), page(rows));
    }
    common.print(
        switch (format) {
          case TABLE -> table(rows);
          case CSV -> csv(rows);
          case JSON -> json(rows);
        });
    return 0;
  }

  private void measure(Map<String, InferenceEngine> engines, List<Row> rows) {
    Map<String, ModelSpeed> speeds = new HashMap<>();
    Latency.measure(engines, turns(), 3)
        .forEach(l -> speeds.put(l.name(), new ModelSpeed(l.milliseconds(), l.speedup())));
    rows.replaceAll(
        row ->
            new Row(
                row.bundle(),
                row.report(),
                Optional.ofNullable(speeds.get(name(row.bundle(), row.report())))));
  }

  private static String page(List<Row> rows) {
    boolean measured = rows.stream().anyMatch(row -> row.speed().isPresent());
    return measured ? BundlesPage.html(rows, Provenance.thisMachine()) : BundlesPage.html(rows);
  }

  /** What was recorded of the test split, if it was. */
  private static Optional<Comparison> test(Row row) {
    return Optional.ofNullable(row.report().verdict().splits().get(Split.TEST.key()));
  }

  private static String verdict(Row row) {
    return row.report().verdict().blessed() ? "blessed" : "refused";
  }

  private static String name(String bundle, ArtifactReport report) {
    return bundle + " " + report.artifact();
  }

  private static String table(List<Row> rows) {
    StringBuilder text = new StringBuilder();
    List<String> heads = new ArrayList<>(List.of("bundle, artifact"));
    Metric.HEADLINES.forEach(metric -> heads.add(metric.title()));
    heads.addAll(List.of("weights", "not zero", "bytes", "gzip", "zip", "ms", "speed", "gate"));
    text.append("| ").append(String.join(" | ", heads)).append(" |\n");
    text.append("|").append("---|".repeat(heads.size())).append('\n');
    for (Row row : rows) {
      List<String> cells = new ArrayList<>();
      cells.add(name(row.bundle(), row.report()));
      for (Metric metric : Metric.HEADLINES) {
        cells.add(test(row).map(c -> c.of(metric).toString()).orElse("-"));
      }
      var weights = row.report().weights();
      cells.add(weights.map(w -> number(w.weights())).orElse("-"));
      cells.add(weights.map(w -> number(w.nonZero())).orElse("-"));
      cells.add(number(row.report().size().raw()));
      cells.add(number(row.report().size().gzip()));
      cells.add(number(row.report().size().zip()));
      cells.add(
          row.speed().map(l -> String.format(Locale.ROOT, "%.2f", l.milliseconds())).orElse("-"));
      cells.add(row.speed().map(l -> String.format(Locale.ROOT, "%.2fx", l.speedup())).orElse("-"));
      cells.add(verdict(row));
      text.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }
    return text.toString();
  }

  private static String number(long value) {
    return String.format(Locale.ROOT, "%,d", value);
  }

  /** Columns by name; a cell is empty where something is not known. */
  private static Map<String, String> line(Row row) {
    Map<String, String> line = new LinkedHashMap<>();
    ArtifactReport report = row.report();
    line.put("bundle", row.bundle());
    line.put("artifact", report.artifact());
    for (Metric metric : Metric.values()) {
      Interval value = test(row).map(c -> c.of(metric)).orElse(Interval.UNKNOWN);
      line.put(metric.id(), text(value.value()));
      line.put(metric.id() + "_low", text(value.low()));
      line.put(metric.id() + "_high", text(value.high()));
    }
    line.put("weights", report.weights().map(w -> String.valueOf(w.weights())).orElse(""));
    line.put("non_zero_weights", report.weights().map(w -> String.valueOf(w.nonZero())).orElse(""));
    line.put("bytes", String.valueOf(report.size().raw()));
    line.put("gzip", String.valueOf(report.size().gzip()));
    line.put("zip", String.valueOf(report.size().zip()));
    line.put("milliseconds", row.speed().map(l -> text(l.milliseconds())).orElse(""));
    line.put("speed", row.speed().map(l -> text(l.speedup())).orElse(""));
    line.put("verdict", verdict(row));
    return line;
  }

  private static String text(double value) {
    return Double.isNaN(value) ? "" : Double.toString(value);
  }

  private static String csv(List<Row> rows) {
    return Csv.table(rows.stream().map(CompareCommand::line).toList());
  }

  private static String json(List<Row> rows) {
    ArrayNode array = Json.array();
    for (Row row : rows) {
      ObjectNode object =
          array.addObject().put("bundle", row.bundle()).put("artifact", row.report().artifact());
      test(row)
          .ifPresent(
              test ->
                  test.metrics()
                      .forEach((metric, value) -> object.set(metric.id(), Json.tree(value))));
      row.report().weights().ifPresent(weights -> object.set("weights", Json.tree(weights)));
      object.set("size", Json.tree(row.report().size()));
      row.speed()
          .ifPresent(
              speed ->
                  object.put("milliseconds", speed.milliseconds()).put("speed", speed.speedup()));
      object.put("verdict", verdict(row));
    }
    return Json.pretty(array);
  }
}
