package io.github.deepxray.datasets.internal.kaggle;

import io.github.deepxray.datasets.source.KaggleDataset;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Folder in which kagglehub keeps downloads: {@code datasets/<owner>/<name>/versions/<n>} with the
 * files, and beside {@code versions} an empty file {@code <n>.complete} that marks a complete
 * version.
 *
 * @param folder the cache's top folder
 */
public record KaggleCache(Path folder) {
  /**
   * Returns the cache of a user: {@code KAGGLEHUB_CACHE}, or {@code ~/.cache/kagglehub}.
   *
   * @param environment the variables of the process
   * @param home the user's home folder
   */
  public static KaggleCache of(Map<String, String> environment, Path home) {
    String given = environment.getOrDefault("KAGGLEHUB_CACHE", "");
    return new KaggleCache(given.isBlank() ? home.resolve(".cache/kagglehub") : Path.of(given));
  }

  /**
   * Finds the complete copy of a data set; without a version, the newest one.
   *
   * @throws IOException if the cache cannot be read
   */
  public Optional<Path> find(KaggleDataset dataset) throws IOException {
    if (dataset.version().isPresent()) {
      int version = dataset.version().getAsInt();
      return Optional.of(files(dataset, version))
          .filter(files -> Files.isDirectory(files) && Files.exists(marker(dataset, version)));
    }
    Path versions = home(dataset).resolve("versions");
    if (!Files.isDirectory(versions)) {
      return Optional.empty();
    }
    try (Stream<Path> folders = Files.list(versions)) {
      return folders
          .filter(f -> f.getFileName().toString().matches("[1-9]\\d{0,5}"))
          .filter(f -> Files.isDirectory(f) && Files.exists(marker(dataset, number(f))))
          .max(Comparator.comparingInt(KaggleCache::number));
    }
  }

  private static int number(Path folder) {
    return Integer.parseInt(folder.getFileName().toString());
  }

  /** Folder of all versions of a data set. */
  private Path home(KaggleDataset dataset) {
    return folder.resolve("datasets").resolve(dataset.owner()).resolve(dataset.name());
  }

  /** Folder of a version's files. */
  Path files(KaggleDataset dataset, int version) {
    return home(dataset).resolve("versions").resolve(String.valueOf(version));
  }

  /** File that marks a complete version. */
  Path marker(KaggleDataset dataset, int version) {
    return home(dataset).resolve(version + ".complete");
  }

  /** Archive of a version before unpacking; not kagglehub's own path, which may be incomplete. */
  Path archive(KaggleDataset dataset, int version) {
    return home(dataset).resolve(version + ".deepxray.zip");
  }
}
