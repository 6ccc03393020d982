package io.github.deepxray.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.text.internal.Yaml;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The options that made a bundle, for its provenance. */
final class Configurations {
  /** Where files lie on this machine and who watches says nothing about the result. */
  private static final List<String> PLACES =
      List.of("out", "cache", "data", "weights", "tensorboard", "mlflow", "mlflow-experiment");

  /** The command of all stages. */
  static final String RUN = "run";

  private static final List<String> STAGES =
      List.of("data", "train", "prune", "finetune", "evaluate", "quantize", "export");

  private Configurations() {}

  /** Where a command keeps the options it ran with. */
  static Path file(Path out, String command) {
    return out.resolve(command + ".yaml");
  }

  /** Options that matter: two runs into different folders are equal. */
  static Map<String, String> withoutPlaces(Map<String, String> config) {
    Map<String, String> kept = new TreeMap<>(config);
    PLACES.forEach(kept::remove);
    return kept;
  }

  /**
   * The options of the stages before one, as they left them, and its own. Each option is prefixed
   * with its command: data and train have a seed of their own.
   */
  static Map<String, String> withEarlierStages(
      Path out, String command, Map<String, String> options) throws IOException {
    Map<String, String> all = new TreeMap<>();
    List<String> earlier = new ArrayList<>(List.of(RUN));
    earlier.addAll(STAGES.subList(0, STAGES.indexOf(command)));
    for (String stage : earlier) {
      Path file = file(out, stage);
      if (Files.isRegularFile(file)) {
        Map<String, String> kept = new TreeMap<>();
        for (Map.Entry<String, JsonNode> entry : Yaml.readOptions(file).properties()) {
          ConfigFile.value(entry.getValue()).ifPresent(text -> kept.put(entry.getKey(), text));
        }
        withoutPlaces(kept).forEach((name, value) -> all.put(stage + "." + name, value));
      }
    }
    withoutPlaces(options).forEach((name, value) -> all.put(command + "." + name, value));
    return all;
  }

  /** Removes what single stages kept: a whole run makes their files anew. */
  static void forgetStages(Path out) throws IOException {
    for (String stage : STAGES) {
      Files.deleteIfExists(file(out, stage));
    }
  }
}
