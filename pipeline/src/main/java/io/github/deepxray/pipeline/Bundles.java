package io.github.deepxray.pipeline;

import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.export.VerificationReport;
import io.github.deepxray.export.internal.BundleVerifier;
import io.github.deepxray.report.ExternalValidation;
import io.github.deepxray.report.SiteAdaptation;
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

  /**
   * Adapts a bundle to a site with a few labelled images: chooses the threshold and calibrates the
   * probabilities on one part of the patients and measures the effect on the others. Nothing is
   * trained. Writes a new bundle with the same model files and with {@code adaptation.json}; the
   * old one stays.
   *
   * @param source the images, in any layout that {@link Pipeline#prepare} reads, of the bundle's
   *     classes
   * @param folder the folder of the new bundle, which must not exist
   * @param progress notified of a download and after each image
   * @throws io.github.deepxray.core.DeepXrayException if the folder exists, the bundle is damaged
   *     or not of two classes, the source has other classes, too few patients, too many bad files
   *     or images that the bundle was trained on, or if the log loss on held-out patients becomes
   *     higher; nothing is written then
   * @throws IOException if something cannot be read, downloaded or written
   */
  public static SiteAdaptation adapt(
      Bundle bundle, DataSource source, AdaptationSpec spec, Path folder, Progress progress)
      throws IOException {
    return adapter(bundle, source, spec, folder, progress).labelled();
  }

  /**
   * Adapts a bundle to the prevalence of a site with images without labels (Saerens, Latinne and
   * Decaestecker 2002). The decisions stay the same. Writes a new bundle as {@link #adapt} does.
   *
   * @param source the images: an archive or a folder with images at any depth, or a CSV file with
   *     their paths and, if known, patients
   * @param folder the folder of the new bundle, which must not exist
   * @param progress notified of a download and after each image
   * @throws io.github.deepxray.core.DeepXrayException if the folder exists, the bundle is damaged,
   *     not of two classes or not calibrated, the source has no images, too many bad files or
   *     images that the bundle was trained on, or if all images seem to be of one class
   * @throws IOException if something cannot be read, downloaded or written
   */
  public static SiteAdaptation adaptToPrevalence(
      Bundle bundle, DataSource source, AdaptationSpec spec, Path folder, Progress progress)
      throws IOException {
    return adapter(bundle, source, spec, folder, progress).unlabelled();
  }

  private static SiteAdapter adapter(
      Bundle bundle, DataSource source, AdaptationSpec spec, Path folder, Progress progress)
      throws IOException {
    source.check();
    SiteRequest request = SiteRequest.of(bundle, source.open(progress), spec, folder, progress);
    return new SiteAdapter(request, folder);
  }
}
