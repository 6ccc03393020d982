package io.github.deepxray.pipeline;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Experiment: one training configuration with several seeds.
 *
 * @param name name in tables and of the folder
 * @param options options as text for tables, by name
 * @param runs run of each seed; only the stages up to evaluation are executed
 */
public record ExperimentSpec(String name, Map<String, String> options, Map<Long, RunSpec> runs) {
  /** Copies the maps. */
  public ExperimentSpec {
    options = Collections.unmodifiableMap(new LinkedHashMap<>(options));
    runs = Collections.unmodifiableMap(new LinkedHashMap<>(runs));
  }
}
