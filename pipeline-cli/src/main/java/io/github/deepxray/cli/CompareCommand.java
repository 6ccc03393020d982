package io.github.deepxray.cli;

import io.github.deepxray.core.bundle.Artifact;
import io.github.deepxray.core.bundle.ArtifactReport;
import io.github.deepxray.core.bundle.Bundle;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.metrics.Comparison;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.export.Latency;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** Finished bundles side by side. */
@Command(
    name = "compare",
    description = {
      "Prints the artifacts of bundles in one table: test metrics with intervals, sizes, speed.",
      "",
      "Metrics and sizes are those the bundles recorded. Speed is measured now, on one thread: all"
          + " .tflite files in turns, each compared with the first bundle's float32 in the same turn."
          + " Decisions use each artifact's own threshold, chosen on validation.",
      ""
    },
    footer = {"", "Example: deepxray compare frozen/bundle tuned/bundle small/bundle"},
    sortOptions = false)
final class CompareCommand implements Callable<Integer> {
  @Mixin private CommonOptions common;

  @Parameters(arity = "1..*", paramLabel = "<bundles>", description = "Folders that export wrote.")
  private List<Path> folders;

  @Option(
      names = "--turns",
      defaultValue = "30",
      paramLabel = "<n>",
      description =
          "How many turns to measure speed in; 0 to leave it out. Default: ${DEFAULT-VALUE}.")
  private int turns;

  @Override
  public Integer call() throws Exception {
    if (turns < 0) {
      throw new ParameterException(
          common.command().commandLine(), "--turns must be 0 or more, not " + turns + ".");
    }
    Map<String, ArtifactReport> rows = new LinkedHashMap<>();
    Map<String, Latency> latencies = new LinkedHashMap<>();
    Map<String, InferenceEngine> engines = new LinkedHashMap<>();
    try {
      for (Path folder : folders) {
        Bundle bundle = Bundle.open(folder);
        for (ArtifactReport report : bundle.artifacts()) {
          String name = folder + " " + report.artifact();
          rows.put(name, report);
          Artifact artifact = Artifact.of(report.artifact());
          if (turns > 0 && !artifact.needsTensorFlow()) {
            engines.put(name, artifact.load(bundle, 1));
          }
        }
      }
      if (!engines.isEmpty()) {
        Latency.measure(engines, turns, 3).forEach(l -> latencies.put(l.name(), l));
      }
    } finally {
      engines.values().forEach(InferenceEngine::close);
    }
    common.print(table(rows, latencies));
    return 0;
  }

  private static String table(Map<String, ArtifactReport> rows, Map<String, Latency> latencies) {
    StringBuilder text = new StringBuilder();
    text.append(
        "| bundle, artifact | AUC | accuracy | sensitivity | specificity | bytes | gzip | ms |"
            + " speed | gate |\n|---|---|---|---|---|---:|---:|---:|---:|---|\n");
    for (Map.Entry<String, ArtifactReport> row : rows.entrySet()) {
      ArtifactReport report = row.getValue();
      Comparison test = report.verdict().splits().get(Split.TEST.key());
      Latency latency = latencies.get(row.getKey());
      List<String> cells = new ArrayList<>();
      cells.add(row.getKey());
      cells.add(test.auc().toString());
      cells.add(test.accuracy().toString());
      cells.add(test.sensitivity().toString());
      cells.add(test.specificity().toString());
      cells.add(String.format(Locale.ROOT, "%,d", report.size().raw()));
      cells.add(String.format(Locale.ROOT, "%,d", report.size().gzip()));
      cells.add(latency == null ? "-" : String.format(Locale.ROOT, "%.2f", latency.milliseconds()));
      cells.add(latency == null ? "-" : String.format(Locale.ROOT, "%.2fx", latency.speedup()));
      cells.add(report.verdict().blessed() ? "blessed" : "refused");
      text.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }
    return text.toString();
  }
}
