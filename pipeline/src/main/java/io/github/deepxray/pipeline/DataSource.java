package io.github.deepxray.pipeline;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.internal.kaggle.Kaggle;
import io.github.deepxray.datasets.source.KaggleDataset;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Source of the images of a run. */
public sealed interface DataSource {
  /**
   * Archive, folder or table on this machine.
   *
   * @param path its path
   */
  record Local(Path path) implements DataSource {
    @Override
    public void check() {
      if (!Files.exists(path)) {
        throw new DeepXrayException(
            ("There is no %s; give the archive chest-xray-pneumonia.zip or its folder, or "
                    + "--data kaggle to download it.")
                .formatted(path));
      }
    }

    @Override
    public Path open(Progress progress) {
      return path;
    }
  }

  /**
   * Data set of Kaggle, downloaded with the user's credentials into the user's cache.
   *
   * @param dataset the data set
   */
  record KaggleDownload(KaggleDataset dataset) implements DataSource {
    @Override
    public void check() {}

    @Override
    public Path open(Progress progress) throws IOException {
      return Kaggle.ofUser(progress).fetch(dataset);
    }
  }

  /** Returns an archive, folder or table on this machine. */
  static DataSource of(Path path) {
    return new Local(path);
  }

  /**
   * Checks that a local source exists, without network access.
   *
   * @throws DeepXrayException if it does not exist
   */
  void check();

  /**
   * Returns the path of the archive or folder, downloaded if needed.
   *
   * @param progress notified of a download
   * @throws DeepXrayException if the source is missing or cannot be downloaded
   * @throws IOException if something cannot be read or written
   */
  Path open(Progress progress) throws IOException;
}
