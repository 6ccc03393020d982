package io.github.deepxray.cli;

import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.export.VerificationReport;
import io.github.deepxray.pipeline.Bundles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The command {@code verify}. */
@Command(
    name = "verify",
    description = {
      "Verifies a bundle: the checksum of each file, and the parity of each artifact "
          + "with the trained model.",
      "",
      "Loads the models of all formats, runs them on all test images and compares "
          + "their probabilities, AUC and accuracy with those of the trained model. The "
          + "exit code is 1 if a file has changed or the gate refuses an artifact.",
      ""
    },
    footer = {"", "Example: deepxray verify work/bundle"},
    sortOptions = false)
final class VerifyCommand implements Callable<Integer> {
  @Mixin private CommonOptions common;

  @Parameters(paramLabel = "<bundle>", description = "Bundle written by export.")
  private Path folder;

  @Option(
      names = "--data",
      paramLabel = "<dir>",
      description =
          "Prepared data set with the test images. Default: the folder data beside the "
              + "bundle.")
  private Optional<Path> data;

  @Mixin private ThreadsOption threads;

  @Override
  public Integer call() throws Exception {
    Bundle bundle = Bundle.open(folder);
    Path dataset = data.orElse(folder.toAbsolutePath().resolveSibling("data"));
    if (data.isEmpty() && !Files.isDirectory(dataset)) {
      throw new DeepXrayException(
          "There is no data set beside the bundle (%s); name the prepared data set with --data."
              .formatted(dataset));
    }
    VerificationReport report =
        Bundles.verify(bundle, PreparedDataset.open(dataset), threads.cores(), common.console());
    common.print(Reports.verification(bundle, report));
    return report.passed() ? 0 : 1;
  }
}
