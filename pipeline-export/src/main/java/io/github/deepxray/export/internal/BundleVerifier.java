package io.github.deepxray.export.internal;

import io.github.deepxray.classify.ArtifactReport;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.export.VerificationReport;
import io.github.deepxray.export.VerificationReport.Parity;
import io.github.deepxray.report.internal.BundleRecords;
import io.github.deepxray.train.ModelMetrics;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Verification of a bundle: its checksums, and the parity of each artifact with the trained model.
 */
public final class BundleVerifier {
  private final Progress progress;
  private final int threads;

  /**
   * Creates a verifier.
   *
   * @param threads number of processor cores to use
   * @param progress notified of the progress
   */
  public BundleVerifier(int threads, Progress progress) {
    this.threads = threads;
    this.progress = progress;
  }

  /**
   * Returns the result of the gate at export, without running the artifacts.
   *
   * @throws DeepXrayException if the bundle is damaged
   * @throws IOException if it cannot be read
   */
  public static VerificationReport recorded(Bundle bundle) throws IOException {
    List<Parity> parities = new ArrayList<>();
    for (ArtifactReport report : bundle.artifacts()) {
      parities.add(new Parity(report.artifact(), report.verdict(), Double.NaN));
    }
    return new VerificationReport(bundle.damage(), parities);
  }

  /**
   * Verifies a bundle on the test split of its data set. The report lists all problems of the
   * bundle; damaged files do not prevent checks of the other artifacts.
   *
   * @throws DeepXrayException if the data set is not the one of the bundle's evaluation
   * @throws IOException if the data set or the list of checksums cannot be read
   */
  public VerificationReport verify(Bundle bundle, PreparedDataset dataset) throws IOException {
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
      // The thresholds of export: a site's thresholds decide otherwise than the trained model.
      artifacts = bundle.exportedArtifacts();
      metrics = records.metrics();
      records.predictions(Split.TEST.key(), metrics);
      checker = new ArtifactChecker(bundle, dataset, metrics, records.guard(), threads, progress);
    } catch (DeepXrayException | IOException e) {
      if (intact) {
        throw e;
      }
      // The wrong checksum is reported already.
      problems.add(
          "the predictions of the trained model are missing or damaged; no artifact was " + "run");
      return new VerificationReport(problems, List.of());
    }
    List<Parity> parities = new ArrayList<>();
    for (ArtifactReport report : artifacts) {
      check(report, checker, metrics, problems).ifPresent(parities::add);
    }
    return new VerificationReport(problems, parities);
  }

  private static Optional<Parity> check(
      ArtifactReport report, ArtifactChecker checker, ModelMetrics metrics, List<String> problems)
      throws IOException {
    if (report.threshold().isPresent() != metrics.decision().decision().threshold().isPresent()) {
      problems.add(
          report.artifact()
              + (report.threshold().isPresent() ? " has a threshold" : " has no threshold")
              + ", unlike the trained model in "
              + ModelMetrics.FILE);
      return Optional.empty();
    }
    ArtifactChecker.Checked checked =
        checker.check(
            new ArtifactChecker.Task(
                report.toArtifact(),
                report.decision(),
                report.unfamiliarityLimit(),
                report.limits(),
                List.of(Split.TEST)));
    if (checked.failure().isPresent()) {
      problems.add(report.artifact() + " cannot be run: " + checked.failure().get());
      return Optional.empty();
    }
    return Optional.of(new Parity(report.artifact(), checked.verdict(), checked.imagesPerSecond()));
  }
}
