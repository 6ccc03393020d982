package io.github.deepxray.cli;

import io.github.deepxray.datasets.internal.kaggle.Kaggle;
import io.github.deepxray.datasets.source.KaggleDataset;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command {@code data download}. */
@Command(
    name = "download",
    description = {
      "Downloads a data set from Kaggle, unless it is cached, and prints its folder.",
      "",
      "Uses the cache of kagglehub: ~/.cache/kagglehub, or the folder "
          + "KAGGLEHUB_CACHE. Most public data sets need no account. Otherwise a token is "
          + "read from KAGGLE_API_TOKEN or ~/.kaggle/access_token, or name and key from "
          + "KAGGLE_USERNAME and KAGGLE_KEY or ~/.kaggle/kaggle.json. An interrupted "
          + "download is resumed by the next one.",
      ""
    },
    footer = {
      "",
      "Example: deepxray data download",
      "Example: deepxray run --data kaggle --weights imagenet --out work"
    },
    sortOptions = false)
final class DataDownloadCommand implements Callable<Integer> {
  @Mixin private CommonOptions common;

  @Option(
      names = "--dataset",
      defaultValue = "paultimothymooney/chest-xray-pneumonia",
      paramLabel = "<owner/name>",
      description = "Data set; <owner/name>/versions/<n> for a version. Default: ${DEFAULT-VALUE}.")
  private String dataset;

  @Option(
      names = "--newest",
      description = "Look up the newest version and download it if only an older one is cached.")
  private boolean newest;

  @Override
  public Integer call() throws Exception {
    KaggleDataset wanted = Usage.check(common, () -> KaggleDataset.parse(dataset));
    Kaggle kaggle = Kaggle.ofUser(common.console());
    Path folder = newest ? kaggle.download(wanted) : kaggle.fetch(wanted);
    common.print(folder + "\n");
    return 0;
  }
}
