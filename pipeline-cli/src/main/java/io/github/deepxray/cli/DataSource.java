package io.github.deepxray.cli;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.kaggle.Kaggle;
import io.github.deepxray.datasets.kaggle.KaggleDataset;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.TypeConversionException;

/** What {@code --data} names: a place on this machine, or a data set of Kaggle. */
final class DataSource {
  /** The value of {@code --data} that means {@link KaggleDataset#CHEST_XRAY_PNEUMONIA}. */
  static final String KAGGLE = "kaggle";

  private static final String PREFIX = KAGGLE + ":";

  private DataSource() {}

  /**
   * Refuses what is not there, and a malformed name of Kaggle; asks no network.
   *
   * @throws DeepXrayException if there is nothing
   */
  static void check(String data) {
    if (dataset(data).isEmpty() && !Files.exists(place(data))) {
      throw new DeepXrayException(
          "There is no "
              + data
              + "; give the archive chest-xray-pneumonia.zip or its folder, or --data kaggle to"
              + " download it.");
    }
  }

  /**
   * The archive or folder, downloaded from Kaggle if it has to be.
   *
   * @throws DeepXrayException if it cannot be had
   * @throws IOException if something cannot be read or written
   */
  static Path open(String data, Progress progress) throws IOException {
    Optional<KaggleDataset> dataset = dataset(data);
    return dataset.isPresent() ? kaggle(progress).fetch(dataset.get()) : place(data);
  }

  private static Path place(String data) {
    try {
      return Main.path(data);
    } catch (TypeConversionException e) {
      throw new DeepXrayException("--data: " + e.getMessage() + ".", e);
    }
  }

  /** Kaggle with the credentials and the cache of whoever runs this. */
  static Kaggle kaggle(Progress progress) throws IOException {
    return Kaggle.fromEnvironment(
        System.getenv(), Path.of(System.getProperty("user.home")), progress);
  }

  /** A folder of this name is meant by {@code ./kaggle}. */
  private static Optional<KaggleDataset> dataset(String data) {
    if (data.equals(KAGGLE)) {
      return Optional.of(KaggleDataset.CHEST_XRAY_PNEUMONIA);
    }
    return data.startsWith(PREFIX)
        ? Optional.of(KaggleDataset.parse(data.substring(PREFIX.length())))
        : Optional.empty();
  }
}
