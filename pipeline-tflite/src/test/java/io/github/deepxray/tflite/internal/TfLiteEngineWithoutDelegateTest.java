package io.github.deepxray.tflite.internal;

import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.testkit.EngineContract;
import io.github.deepxray.testkit.InCi;

@InCi
class TfLiteEngineWithoutDelegateTest extends EngineContract {
  @Override
  protected EngineFactory factory() {
    return TfLiteEngineFactory.withoutDelegate();
  }
}
