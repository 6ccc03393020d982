package io.github.deepxray.cli;

import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.pipeline.DataSource;
import io.github.deepxray.pipeline.Pipeline;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command {@code data}. */
@Command(
    name = "data",
    description = {
      "Audits a data set of chest X-rays, splits it by patient and writes TFRecord shards.",
      "",
      "Reads the Kaggle archive 'Chest X-Ray Images (Pneumonia)' or its unpacked "
          + "folder, other images of two or more classes in <split>/<class>/ or <class>/, "
          + "a .csv file with path,label[,patient][,split], or TFRecords with image and "
          + "label. Writes <out>/data with dataset.json, a table and the shards.",
      ""
    },
    customSynopsis = {
      "deepxray data --data=<zip|dir|kaggle> --out=<dir> [<options>]",
      "       deepxray data download [<options>]",
      ""
    },
    footer = {
      "",
      "Example: deepxray data --data chest-xray-pneumonia.zip --out work",
      "Example: deepxray data download"
    },
    sortOptions = false,
    subcommands = DataDownloadCommand.class)
final class DataCommand implements Callable<Integer> {
  @Mixin private CommonOptions common;

  // Not marked as required, because picocli would require them for the subcommand, too.
  @Option(names = "--out", paramLabel = "<dir>", description = OutOption.DESCRIPTION)
  private Optional<Path> out;

  @Option(
      names = "--data",
      paramLabel = "<zip|dir|kaggle>",
      description = "Archive or unpacked folder; kaggle to download it, see data download --help.")
  private Optional<String> data;

  @Option(
      names = "--image-size",
      defaultValue = "224",
      paramLabel = "<pixels>",
      description =
          "Height and width of the stored images; must be the backbone's. Default: "
              + "${DEFAULT-VALUE}, for b0.")
  private int imageSize;

  @Mixin private DataOptions options;
  @Mixin private ShortcutOption shortcut;
  @Mixin private SeedOption seed;
  @Mixin private ThreadsOption threads;

  @Override
  public Integer call() throws Exception {
    Usage.require(common, List.of("--data", "--out"));
    var datasetOptions = Usage.check(common, () -> options.options(imageSize, seed.seed));
    DataSource source = DataSources.of(data.get());
    source.check();
    PreparedDataset dataset =
        Pipeline.in(out.get())
            .withCores(threads.cores())
            .withProgress(common.console())
            .prepare(source.open(common.console()), datasetOptions);
    OutOption.keepConfig(out.get(), common);
    common.print(dataset.table());
    shortcut.require(dataset.manifest());
    return 0;
  }
}
