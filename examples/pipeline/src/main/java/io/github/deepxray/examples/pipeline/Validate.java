package io.github.deepxray.examples.pipeline;

import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.phantom.PhantomArchive;
import io.github.deepxray.datasets.phantom.PhantomOptions;
import io.github.deepxray.pipeline.Bundles;
import io.github.deepxray.pipeline.DataSource;
import io.github.deepxray.pipeline.ExternalSpec;
import io.github.deepxray.report.ExternalValidation;
import java.nio.file.Path;

/** External validation: measures a bundle on the labelled images of another hospital. */
final class Validate {
  private Validate() {}

  /** Arguments: the bundle, the output folder. */
  public static void main(String[] arguments) throws Exception {
    Path out = Path.of(arguments[1]);
    // Drawings stand for the hospital's images; a .csv file or an archive is given in the same way.
    Path images = out.resolve("images");
    PhantomArchive.writeFolder(
        images, PhantomOptions.DEFAULT.withSeed(7).withTrain(8, 8).withTest(20, 20));
    ExternalValidation result =
        Bundles.evaluate(
            Bundle.open(Path.of(arguments[0])),
            DataSource.of(images),
            ExternalSpec.DEFAULT,
            out.resolve("validation"),
            Progress.NONE);
    System.out.print(result.table());
  }
}
