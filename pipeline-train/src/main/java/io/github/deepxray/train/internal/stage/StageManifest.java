package io.github.deepxray.train.internal.stage;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Hashes;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.internal.io.TextFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Manifest of a finished stage, {@code finished.json} in its folder: the fingerprint of the stage,
 * the hashes of its files, and its outcome. A stage with the same fingerprint is not run again.
 *
 * @param folder folder of the stage
 * @param stage the stage
 */
public record StageManifest(Path folder, Stage stage) {
  /** The name of the file. */
  public static final String FILE = "finished.json";

  /** JSON content of the file. */
  record Saved(String fingerprint, Map<String, String> files, JsonNode outcome) {
    Saved {
      files = Collections.unmodifiableMap(new TreeMap<>(files));
      files.keySet().forEach(TextFiles::requireInside);
    }
  }

  /**
   * Returns the outcome of the stage if its fingerprint and files are unchanged; empty otherwise.
   *
   * @param type type of the outcome passed to {@link #write}
   * @throws IOException if a file cannot be read
   */
  public <T> Optional<T> outcome(Class<T> type) throws IOException {
    Path file = folder.resolve(FILE);
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    try {
      Saved saved = Json.read(file, Saved.class, "run the stage again");
      if (!saved.fingerprint().equals(stage.fingerprint())) {
        return Optional.empty();
      }
      for (Map.Entry<String, String> kept : saved.files().entrySet()) {
        Path result = folder.resolve(kept.getKey());
        if (!Files.isRegularFile(result) || !Hashes.sha256(result).equals(kept.getValue())) {
          return Optional.empty();
        }
      }
      return Optional.of(Json.convert(saved.outcome(), type, file.toString()));
    } catch (DeepXrayException e) {
      // Written by another version, or damaged: run the stage again.
      return Optional.empty();
    }
  }

  /**
   * Removes the manifest, before the files of the stage change.
   *
   * @throws IOException if the file cannot be removed
   */
  public void delete() throws IOException {
    Files.deleteIfExists(folder.resolve(FILE));
  }

  /**
   * Writes the manifest of a finished stage.
   *
   * @param outcome a record to return from {@link #outcome}
   * @throws IOException if one of the stage's outputs cannot be read, or the file not be written
   */
  public void write(Object outcome) throws IOException {
    Map<String, String> hashes = new TreeMap<>();
    for (String file : stage.outputs()) {
      hashes.put(file, Hashes.sha256(folder.resolve(file)));
    }
    Json.write(folder.resolve(FILE), new Saved(stage.fingerprint(), hashes, Json.tree(outcome)));
  }

  /** Returns the message that the stage is finished already. */
  public String finishedMessage() {
    return "%s: finished before with the same inputs and options; %s stays"
        .formatted(stage.name(), folder);
  }
}
