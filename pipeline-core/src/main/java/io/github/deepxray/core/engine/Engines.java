package io.github.deepxray.core.engine;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.services.Services;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Registry of the inference engines on the class path. A library provides its engine as a {@link
 * java.util.ServiceLoader service} of {@link EngineFactory}.
 */
public final class Engines {
  /** Name of the default engine, the fastest one on CPUs. */
  public static final String DEFAULT = "tflite";

  private Engines() {}

  /** Names of the engines, in alphabetical order. */
  public static List<String> names() {
    return List.copyOf(byName().keySet());
  }

  /**
   * Returns the engine factory of a name.
   *
   * @throws DeepXrayException if there is none of that name
   */
  public static EngineFactory named(String name) {
    EngineFactory found = byName().get(name);
    if (found == null) {
      throw new DeepXrayException(
          "There is no engine " + name + "; choose one of " + String.join(", ", names()) + ".");
    }
    return found;
  }

  private static Map<String, EngineFactory> byName() {
    Map<String, EngineFactory> engines = new TreeMap<>();
    Services.all(EngineFactory.class).forEach(engine -> engines.putIfAbsent(engine.name(), engine));
    return engines;
  }
}
