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

/** The page about a bundle. */
@Command(
    name = "report",
    description = {
      "Draws the report of a bundle again: one HTML page about data, metrics, mistakes, artifacts"
          + " and provenance.",
      "",
      "export has written it as report.html. It is made from files of the bundle alone, needs no"
          + " scripts and asks no host for anything. Drawn into the bundle, its line in SHA256SUMS"
          + " is written anew; the other files must be as they were.",
      ""
    },
    footer = {"", "Example: deepxray report work/bundle --turns 30 --out report.html"},
    sortOptions = false)
final class ReportCommand implements Callable<Integer> {
  /** How many images each model gets in a turn, as in compare. */
  private static final int CALLS = 3;

  @Mixin private CommonOptions common;

  @Parameters(paramLabel = "<bundle>", description = "The folder that export wrote.")
  private Path folder;

  @Option(
      names = "--out",
      paramLabel = "<file>",
      description = "Write the page to this file and leave the bundle as it is. Default: into it.")
  private Optional<Path> out;

  @Option(
      names = "--turns",
      defaultValue = "0",
      paramLabel = "<n>",
      description =
          "How many turns to measure the speed of the .tflite files in, on one thread; 0 to leave"
              + " it out. With speed, no two pages are the same. Default: ${DEFAULT-VALUE}.")
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
        // One that could not be run when it was judged cannot be timed either.
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
