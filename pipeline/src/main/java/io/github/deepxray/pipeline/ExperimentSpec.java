package io.github.deepxray.pipeline;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An experiment: one way to train, with several seeds.
 *
 * @param name a name for people and folders
 * @param options what is said of it in tables, by name
 * @param runs what is done with each seed; evaluation is the last stage, quantization and bundle
 *     are not made
 */
public record ExperimentSpec(String name, Map<String, String> options, Map<Long, RunSpec> runs) {
  /** Copies the maps. */
  public ExperimentSpec {
    options = Collections.unmodifiableMap(new LinkedHashMap<>(options));
    runs = Collections.unmodifiableMap(new LinkedHashMap<>(runs));
  }
}
