package io.github.deepxray.core.engine;

import io.github.deepxray.core.network.Model;

/** A library that can run models. */
public interface EngineFactory {
  /** A short name such as {@code tflite}. */
  String name();

  /** The library's version, which may change results in the last digits. */
  String version();

  /** How many engines should run side by side to use so many processor cores. */
  int parallelEngines(int cores);

  /**
   * Whether quantized models compute in integers, as their files do elsewhere; otherwise their
   * weights are dequantized and activations stay in floats.
   */
  default boolean computesInIntegers() {
    return false;
  }

  /**
   * Makes an engine that runs the model as it is; folding first makes it faster.
   *
   * @param model what to run
   * @param threads how many threads one call may use
   */
  InferenceEngine create(Model model, int threads);
}
