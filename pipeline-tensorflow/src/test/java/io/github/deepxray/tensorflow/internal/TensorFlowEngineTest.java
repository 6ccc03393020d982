package io.github.deepxray.tensorflow.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.keras.internal.EfficientNet;
import io.github.deepxray.keras.internal.KerasHdf5;
import io.github.deepxray.optimize.internal.Passes;
import io.github.deepxray.testkit.EngineContract;
import io.github.deepxray.testkit.InCi;
import io.github.deepxray.testkit.PatternImages;
import io.github.deepxray.testkit.SharedData;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class TensorFlowEngineTest extends EngineContract {
  @Override
  protected EngineFactory factory() {
    return new TensorFlowEngineFactory();
  }

  @InCi
  @Test
  void foldingKeepsTheFeaturesOfImageNetWeights() throws IOException {
    Network network = EfficientNet.B0.network();
    Model model = new Model(network, KerasHdf5.read(SharedData.weights(), network));
    float[] images = PatternImages.batch(network.inputShape().get(0));
    try (InferenceEngine plain = new TensorFlowEngine(model, 2);
        InferenceEngine folded = new TensorFlowEngine(Passes.forInference().apply(model), 2)) {
      assertThat(folded.run(images, PatternImages.COUNT)[0])
          .containsExactly(plain.run(images, PatternImages.COUNT)[0], offset(5e-5f));
    }
  }
}
