package io.github.deepxray.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.core.io.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The options that made a bundle, for its provenance. */
final class Configurations {
  /** Where files lie on this machine says nothing about the result. */
  private static final List<String> PLACES = List.of("out", "cache", "data", "weights");

  private Configurations() {}

  /** Options without the places of files: two runs into different folders are equal. */
  static Map<String, String> withoutPlaces(Map<String, String> config) {
    Map<String, String> kept = new TreeMap<>(config);
    PLACES.forEach(kept::remove);
    return kept;
  }

  /** The options of the stages before export, as they left them, and those of export. */
  static Map<String, String> withEarlierStages(Path out, Map<String, String> config)
      throws IOException {
    Map<String, String> all = new TreeMap<>();
    for (String stage : List.of("data", "train", "evaluate")) {
      Path file = out.resolve(stage + ".yaml");
      if (Files.isRegularFile(file)) {
        JsonNode tree = Json.readConfig(file);
        tree.properties().forEach(entry -> all.put(entry.getKey(), entry.getValue().asText()));
      }
    }
    all.putAll(config);
    return withoutPlaces(all);
  }
}
