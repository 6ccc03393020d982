package io.github.deepxray.core.engine;

import io.github.deepxray.core.network.Model;

/** Inference library: creates the engines that run models. */
public interface EngineFactory {
  /** Short name of the engine, such as {@code tflite}. */
  String name();

  /** Version of the library; results may differ in the last digits between versions. */
  String version();

  /** Recommended number of parallel engines for a number of processor cores. */
  int parallelEngines(int cores);

  /**
   * Whether quantized models run in integer arithmetic, as their exported files do; otherwise
   * weights are dequantized and activations are floats.
   */
  default boolean computesInIntegers() {
    return false;
  }

  /**
   * Creates an engine for a model. The model runs as given; fold batch normalization first to make
   * it faster.
   *
   * @param model the model to run
   * @param threads number of threads of one call
   */
  InferenceEngine create(Model model, int threads);
}
