package io.github.deepxray.cli;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.datasets.source.KaggleDataset;
import io.github.deepxray.pipeline.DataSource;
import picocli.CommandLine.TypeConversionException;

/** Parser of {@code --data}. */
final class DataSources {
  /** The value that means {@link KaggleDataset#CHEST_XRAY_PNEUMONIA}. */
  private static final String KAGGLE = "kaggle";

  private static final String PREFIX = KAGGLE + ":";

  private DataSources() {}

  /**
   * Returns the data source of a path or of a Kaggle data set; {@code ./kaggle} is a folder named
   * kaggle.
   *
   * @throws DeepXrayException if the value is neither
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
