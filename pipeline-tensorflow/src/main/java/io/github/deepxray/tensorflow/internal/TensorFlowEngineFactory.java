package io.github.deepxray.tensorflow.internal;

import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.network.Model;
import org.tensorflow.TensorFlow;

/** Creates engines that run models with TensorFlow. */
public final class TensorFlowEngineFactory implements EngineFactory {
  @Override
  public String name() {
    return "tensorflow";
  }

  @Override
  public String version() {
    Sessions.LIBRARY.require();
    return TensorFlow.version();
  }

  /** Returns 1: TensorFlow's operations share one pool of threads. */
  @Override
  public int parallelEngines(int cores) {
    return 1;
  }

  @Override
  public InferenceEngine create(Model model, int threads) {
    return Sessions.LIBRARY.call("The model", () -> new TensorFlowEngine(model, threads));
  }
}
