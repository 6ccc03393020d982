package io.github.deepxray.cli;

import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.export.Pipeline;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The first stage. */
@Command(
    name = "data",
    description = {
      "Audits an archive of chest X-rays, splits it by patient and writes TFRecord shards.",
      "",
      "Reads the Kaggle archive 'Chest X-Ray Images (Pneumonia)' as it is, or the folder it was"
          + " unpacked into. Writes <out>/data with dataset.json, a table and the shards.",
      ""
    },
    footer = {"", "Example: deepxray data --data chest-xray-pneumonia.zip --out work"},
    sortOptions = false)
final class DataCommand implements Callable<Integer> {
  @Mixin private CommonOptions common;
  @Mixin private OutOption place;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "<zip|dir>",
      description = "The archive, or its unpacked folder.")
  private Path data;

  @Option(
      names = "--image-size",
      defaultValue = "224",
      paramLabel = "<pixels>",
      description =
          "Height and width to store; must be the backbone's. Default: ${DEFAULT-VALUE}, for b0.")
  private int imageSize;

  @Mixin private DataOptions options;
  @Mixin private SeedOption seed;
  @Mixin private ThreadsOption threads;

  @Override
  public Integer call() throws Exception {
    var datasetOptions = Usage.check(common, () -> options.options(imageSize, seed.seed));
    PreparedDataset dataset =
        Pipeline.builder(place.out)
            .optCores(threads.cores())
            .optProgress(common.console())
            .build()
            .prepare(data, datasetOptions);
    place.keepConfig(common);
    common.print(dataset.table());
    return 0;
  }
}
