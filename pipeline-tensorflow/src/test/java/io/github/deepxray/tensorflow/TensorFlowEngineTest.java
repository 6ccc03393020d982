package io.github.deepxray.tensorflow;

import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.testkit.EngineContract;

class TensorFlowEngineTest extends EngineContract {
  @Override
  protected EngineFactory factory() {
    return new TensorFlowEngineFactory();
  }
}
