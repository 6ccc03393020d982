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

/** Options of the commands that created a bundle, for its provenance. */
final class Configurations {
  /** Options for paths and tracking, which do not affect the result. */
  private static final List<String> PLACES =
      List.of("out", "cache", "data", "weights", "tensorboard", "mlflow", "mlflow-experiment");

  /** Name of the command of all stages. */
  static final String RUN = "run";

  private static final List<String> STAGES =
      List.of("data", "train", "prune", "finetune", "evaluate", "quantize", "export");

  private Configurations() {}

  /** Returns the file of the options of a command. */
  static Path file(Path out, String command) {
    return out.resolve(command + ".yaml");
  }

  /** Returns the options that affect the result: two runs into different folders are equal. */
  static Map<String, String> withoutPlaces(Map<String, String> config) {
    Map<String, String> kept = new TreeMap<>(config);
    PLACES.forEach(kept::remove);
    return kept;
  }

  /**
   * Returns the options of a stage and of the earlier stages, as stored in their files. Each option
   * is prefixed with its command, because data and train both have a seed.
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

  /**
   * Removes the option files of single stages, because a run of all stages replaces their results.
   */
  static void forgetStages(Path out) throws IOException {
    for (String stage : STAGES) {
      Files.deleteIfExists(file(out, stage));
    }
  }
}
