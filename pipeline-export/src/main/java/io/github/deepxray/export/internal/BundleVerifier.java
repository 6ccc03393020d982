package io.github.deepxray.export.internal;

import io.github.deepxray.classify.ArtifactReport;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.classify.Verdict;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.metrics.Comparison;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.report.internal.BundleRecords;
import io.github.deepxray.train.ModelMetrics;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Checks a bundle: its hashes, that every artifact loads, and that all say what was measured. */
public final class BundleVerifier {
  private final Progress progress;
  private final int threads;

  /**
   * Prepares a verification.
   *
   * @param threads how many processor cores to use
   * @param progress told how far it is
   */
  public BundleVerifier(int threads, Progress progress) {
    this.threads = threads;
    this.progress = progress;
  }

  /**
   * An artifact against the trained model.
   *
   * @param artifact its name
   * @param verdict the comparison on each split and what the gate says
   * @param imagesPerSecond how fast one engine ran, decoding left out; NaN if that was not measured
   */
  public record Parity(String artifact, Verdict verdict, double imagesPerSecond) {
    /** Whether the gate blesses it. */
    public boolean passed() {
      return verdict.blessed();
    }
  }

  /**
   * What was found.
   *
   * @param problems files that differ from their checksums and artifacts that cannot be run, a line
   *     each
   * @param parities one for each artifact
   */
  public record Report(List<String> problems, List<Parity> parities) {
    /** Copies the lists. */
    public Report {
      problems = List.copyOf(problems);
      parities = List.copyOf(parities);
    }

    /** Whether no file is damaged and every artifact runs and is blessed. */
    public boolean passed() {
      return problems.isEmpty() && parities.stream().allMatch(Parity::passed);
    }

    /** A text table of several lines. */
    public String table() {
      StringBuilder text = new StringBuilder();
      problems.forEach(line -> text.append("  WRONG  ").append(line).append('\n'));
      if (parities.isEmpty()) {
        return text.toString();
      }
      line(
          text,
          "  %-12s %-11s %6s %7s %9s %8s %10s %12s %10s %8s %9s  %s",
          "artifact",
          "split",
          "images",
          "AUC",
          "accuracy",
          "dAUC",
          "daccuracy",
          "correlation",
          "max |dp|",
          "flipped",
          "images/s",
          "verdict");
      for (Parity parity : parities) {
        String speed =
            Double.isNaN(parity.imagesPerSecond)
                ? "-"
                : String.format(Locale.ROOT, "%.0f", parity.imagesPerSecond);
        for (Map.Entry<String, Comparison> split : parity.verdict.splits().entrySet()) {
          Comparison c = split.getValue();
          line(
              text,
              "  %-12s %-11s %6d %7.4f %9.4f %+8.4f %+10.4f %12.5f %10.2e %8d %9s  %s",
              parity.artifact,
              split.getKey(),
              c.images(),
              c.of(Metric.AUC).value(),
              c.of(Metric.ACCURACY).value(),
              c.difference(Metric.AUC).value(),
              c.difference(Metric.ACCURACY).value(),
              c.correlation(),
              c.maxDeltaProbability(),
              c.flipped(),
              speed,
              parity.passed() ? "blessed" : "REFUSED");
        }
      }
      for (Parity parity : parities) {
        parity
            .verdict
            .objections()
            .forEach(objection -> line(text, "  REFUSED  %s, %s", parity.artifact, objection));
      }
      return text.toString();
    }

    private static void line(StringBuilder text, String format, Object... arguments) {
      text.append(String.format(Locale.ROOT, format, arguments)).append('\n');
    }
  }

  /**
   * What the gate said of a bundle when it was written; nothing is run.
   *
   * @throws DeepXrayException if the bundle is damaged
   * @throws IOException if it cannot be read
   */
  public static Report recorded(Bundle bundle) throws IOException {
    List<Parity> parities = new ArrayList<>();
    for (ArtifactReport report : bundle.artifacts()) {
      parities.add(new Parity(report.artifact(), report.verdict(), Double.NaN));
    }
    return new Report(bundle.damage(), parities);
  }

  /**
   * Verifies a bundle on the test split of the data set it was evaluated on. What is wrong with the
   * bundle is in the report; artifacts that can be run are run, whatever else is damaged.
   *
   * @throws DeepXrayException if the data set is another one
   * @throws IOException if the data set or the list of checksums cannot be read
   */
  public Report verify(Bundle bundle, PreparedDataset dataset) throws IOException {
    List<String> problems = new ArrayList<>(bundle.damage());
    boolean intact = problems.isEmpty();
    BundleRecords records = new BundleRecords(bundle);
    List<ArtifactReport> artifacts;
    ModelMetrics metrics;
    ArtifactChecker checker;
    try {
      if (!records.provenance().dataset().equals(dataset.fingerprint())) {
        throw new DeepXrayException(
            dataset.folder()
                + " is not the data set this bundle was evaluated on; give that one with --data.");
      }
      artifacts = bundle.artifacts();
      metrics = records.metrics();
      records.predictions(Split.TEST.key(), metrics);
      checker = new ArtifactChecker(bundle, dataset, metrics, threads, progress);
    } catch (DeepXrayException | IOException e) {
      if (intact) {
        throw e;
      }
      // The checksums have already said why.
      problems.add("there is nothing to compare with, no artifact was run");
      return new Report(problems, List.of());
    }
    List<Parity> parities = new ArrayList<>();
    for (ArtifactReport report : artifacts) {
      if (report.threshold().isPresent() != metrics.decision().decision().threshold().isPresent()) {
        problems.add(
            report.artifact()
                + (report.threshold().isPresent() ? " has a threshold" : " has no threshold")
                + ", unlike the trained model in "
                + ModelMetrics.FILE);
        continue;
      }
      ArtifactChecker.Checked checked =
          checker.check(
              report.toArtifact(), report.decision(), report.limits(), List.of(Split.TEST));
      checked
          .failure()
          .ifPresentOrElse(
              failure -> problems.add(report.artifact() + " cannot be run: " + failure),
              () ->
                  parities.add(
                      new Parity(report.artifact(), checked.verdict(), checked.imagesPerSecond())));
    }
    return new Report(problems, parities);
  }
}
