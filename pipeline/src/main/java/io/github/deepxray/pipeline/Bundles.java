package io.github.deepxray.pipeline;

import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.export.VerificationReport;
import io.github.deepxray.export.internal.BundleVerifier;
import io.github.deepxray.report.internal.BundleReport;
import java.io.IOException;
import java.nio.file.Path;

/** Work on bundles that were written before. */
public final class Bundles {
  private Bundles() {}

  /**
   * Draws the report of a bundle anew, from the bundle's own files.
   *
   * @return the page, in the bundle; its line in the bundle's checksums is written anew
   * @throws io.github.deepxray.core.DeepXrayException if a file of the bundle is damaged
   * @throws IOException if something cannot be read or written
   */
  public static Path report(Bundle bundle) throws IOException {
    return BundleReport.of(bundle).draw();
  }

  /**
   * Verifies a bundle: its checksums, and that each artifact says on the test split what the
   * trained model says.
   *
   * @param dataset the data set that the bundle was evaluated on
   * @param cores how many processor cores to use, at least 1
   * @param progress notified of every image
   * @throws io.github.deepxray.core.DeepXrayException if the data set is another one
   * @throws IOException if the data set or the list of checksums cannot be read
   */
  public static VerificationReport verify(
      Bundle bundle, PreparedDataset dataset, int cores, Progress progress) throws IOException {
    return new BundleVerifier(cores, progress).verify(bundle, dataset);
  }
}
