package io.github.deepxray.pipeline;

import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.export.internal.AdaptedBundle;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Request to adapt a bundle to a site.
 *
 * @param bundle the bundle
 * @param own its content
 * @param source the path of the images
 * @param spec the options
 * @param progress notified after each image
 */
record SiteRequest(
    Bundle bundle, BundleContent own, Path source, AdaptationSpec spec, Progress progress) {
  /**
   * Reads the content of the bundle.
   *
   * @param target the folder of the new bundle
   * @throws DeepXrayException if the target exists, or the bundle is damaged or not of two classes
   */
  static SiteRequest of(
      Bundle bundle, Path source, AdaptationSpec spec, Path target, Progress progress)
      throws IOException {
    AdaptedBundle.requireNew(bundle, target);
    BundleContent own = BundleContent.of(bundle);
    if (own.classes().size() != 2) {
      throw new DeepXrayException(
          "%s has %s classes; only bundles of two classes can be adapted to a site."
              .formatted(bundle.folder(), own.classes().size()));
    }
    // Fails early if the bundle does not have the form.
    bundle.report(spec.artifact());
    return new SiteRequest(bundle, own, source, spec, progress);
  }
}
