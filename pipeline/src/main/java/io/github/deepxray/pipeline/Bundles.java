package io.github.deepxray.pipeline;

import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.export.VerificationReport;
import io.github.deepxray.export.internal.BundleVerifier;
import io.github.deepxray.report.ExternalValidation;
import io.github.deepxray.report.internal.BundleReport;
import java.io.IOException;
import java.nio.file.Path;

/** Operations on existing bundles. */
public final class Bundles {
  private Bundles() {}

  /**
   * Rewrites the report of a bundle from the bundle's files.
   *
   * @return path of the page in the bundle; its checksum in the bundle is updated
   * @throws io.github.deepxray.core.DeepXrayException if a file of the bundle is damaged
   * @throws IOException if something cannot be read or written
   */
  public static Path report(Bundle bundle) throws IOException {
    return BundleReport.of(bundle).draw();
  }

  /**
   * Verifies the checksums of a bundle and the parity of each artifact with the trained model on
   * the test split.
   *
   * @param dataset the data set that the bundle was evaluated on
   * @param cores number of processor cores to use, at least 1
   * @param progress notified after each image
   * @throws io.github.deepxray.core.DeepXrayException if the bundle was evaluated on another data
   *     set
   * @throws IOException if the data set or the list of checksums cannot be read
   */
  public static VerificationReport verify(
      Bundle bundle, PreparedDataset dataset, int cores, Progress progress) throws IOException {
    return new BundleVerifier(cores, progress).verify(bundle, dataset);
  }

  /**
   * Evaluates a bundle on labelled images of another source, all of them: an external validation.
   * Writes {@code external.json}, {@code external-report.html} and {@code predictions.csv}.
   *
   * @param source the images, in any layout that {@link Pipeline#prepare} reads, of the bundle's
   *     classes
   * @param folder the output folder
   * @param progress notified of a download and after each image
   * @throws io.github.deepxray.core.DeepXrayException if the source has other classes, no column of
   *     a slice or too many bad files, if it has images that the bundle was trained on, or if the
   *     bundle is damaged
   * @throws IOException if something cannot be read, downloaded or written
   */
  public static ExternalValidation evaluate(
      Bundle bundle, DataSource source, ExternalSpec spec, Path folder, Progress progress)
      throws IOException {
    source.check();
    return new ExternalEvaluator(bundle, spec, progress).evaluate(source.open(progress), folder);
  }
}
