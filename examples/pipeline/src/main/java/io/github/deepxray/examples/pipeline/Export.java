package io.github.deepxray.examples.pipeline;

import io.github.deepxray.datasets.DatasetOrigin;
import io.github.deepxray.export.BundleSpec;
import io.github.deepxray.export.ModelPurpose;
import io.github.deepxray.pipeline.ExportResult;
import io.github.deepxray.pipeline.Pipeline;
import java.nio.file.Path;

/** Writes the bundle of the classifier of {@link Train}, and prints the result of the gate. */
final class Export {
  private Export() {}

  /** Arguments: the output folder. */
  public static void main(String[] arguments) throws Exception {
    Pipeline pipeline = Pipeline.in(Path.of(arguments[0]));
    ExportResult result =
        pipeline.export(
            new ModelPurpose("example", "Tells drawings from drawings.", DatasetOrigin.PHANTOMS),
            BundleSpec.DEFAULT);
    System.out.print(result.verification().table());
    if (!result.verification().passed()) {
      System.exit(1);
    }
  }
}
