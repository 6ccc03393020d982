package io.github.deepxray.pipeline;

import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.export.VerificationReport;
import io.github.deepxray.export.internal.BundleVerifier;
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
}
