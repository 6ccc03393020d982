package io.github.deepxray.tflite.internal;

import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.testkit.EngineContract;

class TfLiteEngineTest extends EngineContract {
  @Override
  protected EngineFactory factory() {
    return new TfLiteEngineFactory();
  }
}
