package io.github.deepxray.train.internal.finetune;

import static io.github.deepxray.testkit.ArrayAssertions.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.keras.internal.EfficientNet;
import io.github.deepxray.testkit.Fixtures;
import io.github.deepxray.tflite.internal.TfLiteEngineFactory;
import io.github.deepxray.train.internal.head.HeadNetworks;
import io.github.deepxray.train.recipe.FineTuningRecipe;
import io.github.deepxray.train.recipe.HeadSpec;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BlocksTest {
  private static Network classifier(EfficientNet variant) throws IOException {
    Network backbone = variant.network(32);
    int features = backbone.size(EfficientNet.FEATURES);
    return backbone.then(HeadNetworks.inference(HeadSpec.of("ensemble"), features));
  }

  @ParameterizedTest
  @CsvSource({
    "B0, all, images", "B0, block1a, stem_activation", "B0, block2b, block2a_project_bn",
    "B0, block6a, block5c_add", "B0, block7a, block6d_add", "B0, top, block7a_project_bn",
    "B1, block6a, block5d_add", "B1, top, block7b_add"
  })
  void cutsAtWhatTheBlockReads(EfficientNet variant, String from, String tensor)
      throws IOException {
    assertThat(Blocks.cut(variant, classifier(variant), from)).isEqualTo(tensor);
  }

  @ParameterizedTest
  @CsvSource({"stem", "block6", "block6e", "avg_pool", "head", "''"})
  void namesTheBlocksWhereThereIsNone(String from) throws IOException {
    Network network = classifier(EfficientNet.B0);
    assertThatThrownBy(() -> Blocks.cut(EfficientNet.B0, network, from))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining(
            "all, block1a, block2a, block2b, block3a, block3b, block4a, block4b, block4c, block5a,"
                + " block5b, block5c, block6a, block6b, block6c, block6d, block7a, top.");
  }

  /** The layers before the cut and those after it are the whole network. */
  @ParameterizedTest
  @CsvSource({"block6a", "block5b", "top"})
  void bothPartsTogetherAreTheWhole(String from) throws IOException {
    Model model = Fixtures.withRandomWeights(classifier(EfficientNet.B0), 2);
    String cut = Blocks.cut(EfficientNet.B0, model.network(), from);
    float[] images = Fixtures.randomImages(model.network(), 2, 3);
    TfLiteEngineFactory engines = new TfLiteEngineFactory();
    try (InferenceEngine whole = engines.create(model, 1);
        InferenceEngine before = engines.create(model.cutAt(cut), 1);
        InferenceEngine after = engines.create(model.after(cut), 1)) {
      float[] expected = whole.run(images, 2)[0];
      assertClose(
          "probabilities",
          after.run(before.run(images, 2)[0], 2)[0],
          new double[] {expected[0], expected[1]},
          1e-5);
    }
  }

  @Test
  void learningRatesFallFromBlockToBlock() throws IOException {
    Network part = classifier(EfficientNet.B0).after("block6c_add");
    FineTuningRecipe spec =
        FineTuningRecipe.DEFAULT
            .withLayerDecay(0.5)
            .withHeadLearningRate(3)
            .withLearningRates(Map.of("top", 0.0));
    Map<String, Double> rates = Blocks.learningRates(EfficientNet.B0, part, spec);
    assertThat(rates).containsOnlyKeys("block6d", "block7a", "top", "head");
    assertThat(rates.get("head")).isEqualTo(3);
    assertThat(rates.get("top")).isZero();
    assertThat(rates.get("block7a")).isEqualTo(0.5);
    assertThat(rates.get("block6d")).isCloseTo(0.25, within(1e-12));
    // From the stem on.
    assertThat(Blocks.learningRates(EfficientNet.B0, classifier(EfficientNet.B0), spec))
        .containsKey("stem");
  }
}
