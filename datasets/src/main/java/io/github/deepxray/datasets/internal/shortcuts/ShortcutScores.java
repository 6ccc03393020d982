package io.github.deepxray.datasets.internal.shortcuts;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.text.internal.Csv;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Probability of each validation image's own class, as predicted by one shortcut alone: high where
 * the shortcut points to the right class, low where it misleads.
 *
 * @param byShortcut for each shortcut, by its name, the probability of each image by its file name
 */
public record ShortcutScores(Map<String, Map<String, Double>> byShortcut) {
  private static final String FILE = "shortcuts.csv";
  private static final String FILENAME = "filename";

  /** Copies the maps. */
  public ShortcutScores {
    Map<String, Map<String, Double>> copies = new LinkedHashMap<>();
    byShortcut.forEach((name, of) -> copies.put(name, Map.copyOf(of)));
    byShortcut = Collections.unmodifiableMap(copies);
  }

  /**
   * Writes the scores into the folder of a data set; nothing if there are none.
   *
   * @param images file names in the order of the lines
   * @throws IOException if the file cannot be written
   */
  public void write(Path folder, List<String> images) throws IOException {
    if (byShortcut.isEmpty() || images.isEmpty()) {
      return;
    }
    List<Map<String, String>> rows = new ArrayList<>();
    for (String image : images) {
      Map<String, String> row = new LinkedHashMap<>();
      row.put(FILENAME, image);
      // Rounded, so that equal images have equal values.
      byShortcut.forEach(
          (name, of) -> row.put(name, String.format(Locale.ROOT, "%.6f", of.get(image))));
      rows.add(row);
    }
    AtomicFiles.write(folder.resolve(FILE), Csv.table(rows));
  }

  /**
   * Reads the scores from the folder of a data set; none if the audit measured no shortcut.
   *
   * @throws DeepXrayException if the file is damaged; the message names it
   * @throws IOException if it cannot be read
   */
  public static ShortcutScores read(Path folder) throws IOException {
    Path file = folder.resolve(FILE);
    Map<String, Map<String, Double>> byShortcut = new LinkedHashMap<>();
    if (Files.isRegularFile(file)) {
      for (Map<String, String> row : Csv.rows(file, List.of(FILENAME))) {
        String image = row.get(FILENAME);
        row.forEach(
            (name, text) -> {
              if (!name.equals(FILENAME)) {
                byShortcut
                    .computeIfAbsent(name, n -> new LinkedHashMap<>())
                    .put(image, probability(file, image, text));
              }
            });
      }
    }
    return new ShortcutScores(byShortcut);
  }

  private static double probability(Path file, String image, String text) {
    return Optional.of(text)
        .filter(t -> t.matches("[01]\\.[0-9]{6}"))
        .map(Double::valueOf)
        .filter(p -> p <= 1)
        .orElseThrow(
            () ->
                new DeepXrayException(
                    "%s: '%s' of %s is no probability; run the data command into a new folder."
                        .formatted(file, text, image)));
  }
}
