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

/** The command {@code compare}. */
@Command(
    name = "compare",
    description = {
      "Runs experiments, or reads bundles, and prints a table with metrics, "
          + "intervals, sizes and speed.",
      "",
      "With a .yaml or .json file: trains and evaluates combinations of options of "
          + "run with several seeds. Each training has a folder in <out>/experiments, from "
          + "which run --config can make a bundle; data is prepared once per seed, and "
          + "embeddings are shared in one cache. Finished trainings are skipped; failed "
          + "ones are reported, the others continue, and the exit code is 1. Writes "
          + "comparison.csv, .json and .html into <out>. Fields of the file, of which only "
          + "data and one of grid and experiments are required:",
      "",
      "  data: chest-xray-pneumonia.zip       # as run --data",
      "  out: grid                            # or --out",
      "  cache: cache                         # or --cache; default <out>/cache",
      "  weights: {b0: imagenet, b1: b1.h5}   # or one for all; default imagenet",
      "  seeds: [0, 1, 2]                     # the default",
      "  baseline: b0_logistic_fine-tune-none # default: the first",
      "  options: {epochs: 30, engine: tflite} # of run, for all",
      "  grid:                                # of run; every combination",
      "    backbone: [b0, b1]",
      "    head: [logistic, mine.yaml]",
      "    fine-tune: [none, block6a]         # none: without the option",
      "  experiments:                         # more, by name",
      "    original: {head: original, views: 1}",
      "",
      "With bundles: metrics with 95 %% intervals and sizes are read from the "
          + "bundles. Speed is measured on one thread: all .tflite files in turns, "
          + "relative to the first bundle's float32 in the same turn: a speed of 2x means "
          + "half its time. Decisions use the threshold of each artifact, chosen on "
          + "validation, or the most probable of more than two classes.",
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
      description = "A file of experiments, or bundles written by export.")
  private List<Path> folders;

  @Option(
      names = "--out",
      paramLabel = "<dir>",
      description = "Output folder of all experiments. Default: out of the file.")
  private Optional<Path> out;

  @Option(
      names = "--cache",
      paramLabel = "<dir>",
      description =
          "Cache folder of embeddings, for experiments. Default: cache of the file, or "
              + "<out>/cache.")
  private Optional<Path> cache;

  @Mixin private ThreadsOption threads;

  @Option(
      names = "--html",
      paramLabel = "<file>",
      description = "Also write the table of bundles as an HTML page. Default: none.")
  private Optional<Path> html;

  @Option(
      names = "--no-latency",
      description =
          "Do not measure speed, as with --turns 0. The files of experiments are then "
              + "reproducible.")
  private boolean noLatency;

  @Option(
      names = "--turns",
      defaultValue = "30",
      paramLabel = "<n>",
      description =
          "Number of turns in which speed is measured; 0 for no measurement. Default: "
              + "${DEFAULT-VALUE}.")
  private int turns;

  @Option(
      names = "--artifacts",
      split = ",",
      paramLabel = "<forms>",
      description =
          "Only these artifacts, of ${bundle:artifact.names}. Default: all artifacts of "
              + "the bundles.")
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
          common, "Give one file of experiments, or bundles, not both: " + folders + ".");
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
                () ->
                    Usage.wrong(
                        common,
                        "No output folder is named; give --out, or " + file + " the field out."));
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
          // The reference of the speed is measured even if it is not shown.
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

  /** Returns the recorded comparison on the test split, if any. */
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

  /** Returns the cells of a row by column name; a cell without a value is empty. */
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
