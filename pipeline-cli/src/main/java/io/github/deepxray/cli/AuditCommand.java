package io.github.deepxray.cli;

import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.pipeline.DataSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Audits a data set without keeping it. */
@Command(
    name = "audit",
    description = {
      "Audits a data set of chest X-rays: files, classes, patients, splits, and shortcuts.",
      "",
      "A shortcut is a property that predicts the class and should not: size, aspect ratio,"
          + " brightness, the frame of the picture, hard edges in its corners, file format, JPEG"
          + " quality, numbers in file names, and the other columns of a .csv file. Each is"
          + " measured by a logistic regression on it alone, on training images only,"
          + " cross-validated by patient. A model can learn a strong shortcut instead of the"
          + " finding.",
      "",
      "The data command prints the same table and keeps the prepared images.",
      ""
    },
    footer = {"", "Example: deepxray audit --data chest-xray-pneumonia.zip --max-shortcut 0.8"},
    sortOptions = false)
final class AuditCommand implements Callable<Integer> {
  @Mixin private CommonOptions common;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "<zip|dir|kaggle>",
      description = "The images, as for the data command.")
  private String data;

  @Option(
      names = "--json",
      paramLabel = "<file>",
      description = "Writes the audit to this file, as in dataset.json. Default: not written.")
  private Optional<Path> json;

  @Option(
      names = "--image-size",
      defaultValue = "224",
      paramLabel = "<pixels>",
      description = "Height and width of the measured images. Default: ${DEFAULT-VALUE}.")
  private int imageSize;

  @Mixin private DataOptions options;
  @Mixin private ShortcutOption shortcut;
  @Mixin private SeedOption seed;
  @Mixin private ThreadsOption threads;

  @Override
  public Integer call() throws Exception {
    var datasetOptions = Usage.check(common, () -> options.options(imageSize, seed.seed));
    DataSource source = DataSources.of(data);
    source.check();
    Path folder = Files.createTempDirectory("deepxray-audit");
    try {
      PreparedDataset dataset =
          PreparedDataset.prepare(
              source.open(common.console()),
              folder.resolve("data"),
              datasetOptions,
              threads.cores(),
              common.console());
      common.print(dataset.table());
      if (json.isPresent()) {
        Json.write(json.get(), dataset.manifest());
      }
      shortcut.require(dataset.manifest());
    } finally {
      AtomicFiles.deleteRecursively(folder);
    }
    return 0;
  }
}
