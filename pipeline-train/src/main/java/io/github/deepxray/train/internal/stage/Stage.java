package io.github.deepxray.train.internal.stage;

import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.internal.Version;
import io.github.deepxray.core.internal.io.Fingerprint;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Stage of the pipeline with its options, inputs and output files.
 *
 * @param name name in messages
 * @param options all options of the stage
 * @param inputs fingerprints of all inputs, by name
 * @param outputs names of the output files in the folder of the stage
 */
public record Stage(String name, Record options, Map<String, String> inputs, List<String> outputs) {
  /** Copies map and list. */
  public Stage {
    inputs = Collections.unmodifiableMap(new TreeMap<>(inputs));
    outputs = List.copyOf(outputs);
  }

  /** Returns a stage without inputs and outputs. */
  public static Stage of(String name, Record options) {
    return new Stage(name, options, Map.of(), List.of());
  }

  /**
   * Returns a copy with another input.
   *
   * @param input name of the input
   * @param fingerprint hash of its content
   */
  public Stage reading(String input, String fingerprint) {
    Map<String, String> all = new TreeMap<>(inputs);
    all.put(input, fingerprint);
    return new Stage(name, options, all, outputs);
  }

  /** Returns a copy with an engine as input, because engines differ in the last digits. */
  public Stage computedBy(EngineFactory engines) {
    return reading("engine " + engines.name(), engines.version());
  }

  /** Returns a copy with these output files. */
  public Stage writing(List<String> files) {
    return new Stage(name, options, inputs, files);
  }

  /**
   * Returns the hash of options, inputs and the version of this library. A result with another
   * fingerprint is stale.
   */
  public String fingerprint() {
    return Fingerprint.of(List.of(Version.current(), name, options, inputs));
  }
}
