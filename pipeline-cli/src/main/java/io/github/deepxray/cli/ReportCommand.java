package io.github.deepxray.cli;

import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.ArtifactReport;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.export.internal.Latency;
import io.github.deepxray.report.internal.BundleReport;
import io.github.deepxray.report.internal.Provenance;
import io.github.deepxray.report.internal.ReportContent;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The command {@code report}. */
@Command(
    name = "report",
    description = {
      "Rewrites the report of a bundle: one HTML page about data, metrics, mistakes, "
          + "artifacts and provenance.",
      "",
      "export writes the page as report.html. It uses only files of the bundle, and "
          + "has no scripts and no external resources. Writing it into the bundle updates "
          + "its line in SHA256SUMS; the other files must be unchanged.",
      ""
    },
    footer = {"", "Example: deepxray report work/bundle --turns 30 --out report.html"},
    sortOptions = false)
final class ReportCommand implements Callable<Integer> {
  /** Inferences of each model in a turn, as in compare. */
  private static final int CALLS = 3;

  @Mixin private CommonOptions common;

  @Parameters(paramLabel = "<bundle>", description = "Bundle written by export.")
  private Path folder;

  @Option(
      names = "--out",
      paramLabel = "<file>",
      description =
          "Write the page to this file and leave the bundle unchanged. Default: "
              + "report.html in the bundle.")
  private Optional<Path> out;

  @Option(
      names = "--turns",
      defaultValue = "0",
      paramLabel = "<n>",
      description =
          "Number of turns in which the speed of the .tflite files is measured, on one "
              + "thread; 0 for no measurement. With speed, the page is not reproducible. "
              + "Default: ${DEFAULT-VALUE}.")
  private int turns;

  @Override
  public Integer call() throws Exception {
    if (turns < 0) {
      throw Usage.wrong(common, "--turns must be 0 or more, not " + turns + ".");
    }
    Bundle bundle = Bundle.open(folder);
    BundleReport report = BundleReport.of(bundle);
    if (turns > 0) {
      report = report.withSpeed(speed(bundle));
    }
    Path file;
    if (out.isPresent()) {
      file = out.get();
      report.draw(file);
    } else {
      file = report.draw();
    }
    common.print("report " + file + "\n");
    return 0;
  }

  private ReportContent.Speed speed(Bundle bundle) throws IOException {
    Map<String, InferenceEngine> engines = new LinkedHashMap<>();
    try {
      for (ArtifactReport report : bundle.artifacts()) {
        Artifact artifact = report.toArtifact();
        // An artifact that the gate could not run has no speed.
        boolean runs = report.verdict().splits().containsKey(Split.TEST.key());
        if (runs && artifact.supported() && !artifact.usesAllCores()) {
          engines.put(report.artifact(), artifact.load(bundle, 1));
        }
      }
      Map<String, Double> milliseconds = new LinkedHashMap<>();
      Latency.measure(engines, turns, CALLS)
          .forEach(latency -> milliseconds.put(latency.name(), latency.milliseconds()));
      return new ReportContent.Speed(Provenance.thisMachine(), milliseconds);
    } finally {
      engines.values().forEach(InferenceEngine::close);
    }
  }
}
