package io.github.deepxray.cli;

import io.github.deepxray.datasets.internal.kaggle.Kaggle;
import io.github.deepxray.datasets.source.KaggleDataset;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Brings a data set here. */
@Command(
    name = "download",
    description = {
      "Downloads a data set of Kaggle, unless it is here already, and prints its folder.",
      "",
      "It lies where kagglehub keeps it: in ~/.cache/kagglehub, or where KAGGLEHUB_CACHE says; a"
          + " copy that kagglehub has made is found. Public data sets can mostly be had without an"
          + " account. Otherwise a token is taken from KAGGLE_API_TOKEN or ~/.kaggle/access_token,"
          + " or a name and key from KAGGLE_USERNAME and KAGGLE_KEY or ~/.kaggle/kaggle.json. A"
          + " download that was interrupted goes on when it is started again.",
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
      description =
          "Which data set; <owner/name>/versions/<n> for one version. Default: ${DEFAULT-VALUE}.")
  private String dataset;

  @Option(
      names = "--newest",
      description =
          "Ask Kaggle for the newest version and download it if only an older one is here.")
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
