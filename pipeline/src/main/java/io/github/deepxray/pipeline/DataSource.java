package io.github.deepxray.pipeline;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.internal.kaggle.Kaggle;
import io.github.deepxray.datasets.source.KaggleDataset;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where the images of a run are. */
public sealed interface DataSource {
  /**
   * An archive, a folder or a table on this machine.
   *
   * @param path where it is
   */
  record Place(Path path) implements DataSource {
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
   * A data set of Kaggle, downloaded with the credentials and into the cache of the user.
   *
   * @param dataset which
   */
  record OnKaggle(KaggleDataset dataset) implements DataSource {
    @Override
    public void check() {}

    @Override
    public Path open(Progress progress) throws IOException {
      return Kaggle.ofUser(progress).fetch(dataset);
    }
  }

  /** An archive, a folder or a table on this machine. */
  static DataSource of(Path path) {
    return new Place(path);
  }

  /**
   * Refuses what is not there; asks no network.
   *
   * @throws DeepXrayException if there is nothing
   */
  void check();

  /**
   * The archive or folder, downloaded if it has to be.
   *
   * @param progress notified of a download
   * @throws DeepXrayException if it cannot be had
   * @throws IOException if something cannot be read or written
   */
  Path open(Progress progress) throws IOException;
}
