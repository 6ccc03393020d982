package io.github.deepxray.examples.pipeline;

import io.github.deepxray.classify.Bundle;
import io.github.deepxray.export.BundleVerifier;
import io.github.deepxray.export.Pipeline;
import io.github.deepxray.report.DatasetOrigin;
import java.nio.file.Path;

/** Writes the bundle of what {@link Train} trained, and says what the gate found. */
final class Export {
  private Export() {}

  /** Arguments: the folder of all files. */
  public static void main(String[] arguments) throws Exception {
    Pipeline pipeline = Pipeline.builder(Path.of(arguments[0])).build();
    Bundle bundle =
        pipeline.export("example", "Tells drawings from drawings.", DatasetOrigin.PHANTOMS);
    BundleVerifier.Report report = BundleVerifier.recorded(bundle);
    System.out.print(report.table());
    if (!report.passed()) {
      System.exit(1);
    }
  }
}
