package io.github.deepxray.cli;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.datasets.source.KaggleDataset;
import io.github.deepxray.pipeline.DataSource;
import picocli.CommandLine.TypeConversionException;

/** Values of {@code --data}. */
final class DataSources {
  /** The value that means {@link KaggleDataset#CHEST_XRAY_PNEUMONIA}. */
  private static final String KAGGLE = "kaggle";

  private static final String PREFIX = KAGGLE + ":";

  private DataSources() {}

  /**
   * A place on this machine, or a data set of Kaggle; a folder named kaggle is {@code ./kaggle}.
   *
   * @throws DeepXrayException if it is neither
   */
  static DataSource of(String data) {
    if (data.equals(KAGGLE)) {
      return new DataSource.KaggleDownload(KaggleDataset.CHEST_XRAY_PNEUMONIA);
    }
    if (data.startsWith(PREFIX)) {
      return new DataSource.KaggleDownload(KaggleDataset.parse(data.substring(PREFIX.length())));
    }
    try {
      return DataSource.of(Main.path(data));
    } catch (TypeConversionException e) {
      throw new DeepXrayException("--data: " + e.getMessage() + ".", e);
    }
  }
}
