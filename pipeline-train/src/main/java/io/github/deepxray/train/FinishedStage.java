package io.github.deepxray.train;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.Version;
import io.github.deepxray.core.io.Hashes;
import io.github.deepxray.core.io.Json;
import io.github.deepxray.core.io.TextFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What a stage that came to its end keeps beside its results, in {@code finished.json}: a hash of
 * all that they depend on, hashes of its files, and what else it told. A stage that is started
 * again with the same inputs and options has nothing left to do.
 */
public final class FinishedStage {
  /** The name of the file. */
  public static final String FILE = "finished.json";

  private final Path folder;
  private final String fingerprint;

  /** The content of the file. */
  record Saved(String fingerprint, Map<String, String> files, JsonNode outcome) {
    Saved {
      files = Collections.unmodifiableMap(new TreeMap<>(files));
      files.keySet().forEach(TextFiles::requireInside);
    }
  }

  /**
   * A stage.
   *
   * @param folder where its results are
   * @param inputs whatever they depend on besides the version of this library
   */
  public FinishedStage(Path folder, List<String> inputs) {
    this.folder = folder;
    this.fingerprint = Hashes.sha256(Version.current() + "\n" + String.join("\n", inputs));
  }

  /**
   * What the stage told when it came to its end, if it did, with the same inputs, and its files are
   * still what they were then.
   *
   * @param type what was given to {@link #keep}
   * @throws IOException if a file cannot be read
   */
  public <T> Optional<T> outcome(Class<T> type) throws IOException {
    Path file = folder.resolve(FILE);
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    try {
      Saved saved = Json.read(file, Saved.class, "run the stage again");
      if (!saved.fingerprint().equals(fingerprint)) {
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
      // Written by another version or damaged: what it stood for is made again.
      return Optional.empty();
    }
  }

  /**
   * Forgets that the stage was finished, before its files change.
   *
   * @throws IOException if the file cannot be removed
   */
  public void forget() throws IOException {
    Files.deleteIfExists(folder.resolve(FILE));
  }

  /**
   * Keeps that the stage is finished.
   *
   * @param outcome a record to tell again
   * @param files the names of its files in the folder
   * @throws IOException if a file cannot be read or written
   */
  public void keep(Object outcome, List<String> files) throws IOException {
    Map<String, String> hashes = new TreeMap<>();
    for (String file : files) {
      hashes.put(file, Hashes.sha256(folder.resolve(file)));
    }
    Json.write(folder.resolve(FILE), new Saved(fingerprint, hashes, Json.tree(outcome)));
  }

  /** A line for people that says that a stage has nothing left to do. */
  public String told(String stage) {
    return stage + ": finished before with the same inputs and options; " + folder + " stays";
  }
}
