package io.github.deepxray.train.internal.stage;

import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.internal.Version;
import io.github.deepxray.core.internal.io.Fingerprint;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A stage of the pipeline as a value: its options and what it reads, which together decide its
 * result, and the files it leaves.
 *
 * @param name what to call it in messages
 * @param options all its options; no option may be kept elsewhere
 * @param inputs the fingerprint of everything it reads, by name
 * @param outputs the names of the files it leaves in its folder
 */
public record Stage(String name, Record options, Map<String, String> inputs, List<String> outputs) {
  /** Copies map and list. */
  public Stage {
    inputs = Collections.unmodifiableMap(new TreeMap<>(inputs));
    outputs = List.copyOf(outputs);
  }

  /** A stage that reads and leaves nothing yet. */
  public static Stage of(String name, Record options) {
    return new Stage(name, options, Map.of(), List.of());
  }

  /**
   * The same with one more input.
   *
   * @param input its name
   * @param fingerprint the hash of its content
   */
  public Stage reading(String input, String fingerprint) {
    Map<String, String> all = new TreeMap<>(inputs);
    all.put(input, fingerprint);
    return new Stage(name, options, all, outputs);
  }

  /** The same, computed by one more engine, which may change results in the last digits. */
  public Stage computedBy(EngineFactory engines) {
    return reading("engine " + engines.name(), engines.version());
  }

  /** The same with these files as its outputs. */
  public Stage writing(List<String> files) {
    return new Stage(name, options, inputs, files);
  }

  /**
   * The hash of everything that decides the result: options and inputs by their components, and the
   * version of this library. A result that was made under another fingerprint is stale.
   */
  public String fingerprint() {
    return Fingerprint.of(List.of(Version.current(), name, options, inputs));
  }
}
