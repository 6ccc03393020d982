package io.github.deepxray.train.internal.head;

import static io.github.deepxray.testkit.ArrayAssertions.assertClose;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.tensorflow.internal.TensorFlowEngineFactory;
import io.github.deepxray.tflite.internal.TfLiteEngineFactory;
import io.github.deepxray.train.features.Embeddings;
import io.github.deepxray.train.recipe.Augmentation;
import io.github.deepxray.train.recipe.HeadSpec;
import io.github.deepxray.train.recipe.HeadSpec.Adam;
import io.github.deepxray.train.recipe.HeadSpec.Constant;
import io.github.deepxray.train.recipe.HeadSpec.Cosine;
import io.github.deepxray.train.recipe.HeadSpec.Exponential;
import io.github.deepxray.train.recipe.HeadSpec.Member;
import io.github.deepxray.train.recipe.HeadSpec.Sgd;
import io.github.deepxray.train.recipe.ValidationViews;
import io.github.deepxray.train.stage.Context;
import io.github.deepxray.train.stage.EpochResult;
import io.github.deepxray.train.stage.TrainingListener;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Steps of the trainer against those of Keras from the same weights: gradients, update rules,
 * learning rates, weights of the loss, smoothing, penalty and standardization.
 */
class HeadTrainerKerasTest {
  private static final int EPOCHS = 8;
  private static final double TOLERANCE = 1e-5;

  @Test
  void momentumWithDecay() throws IOException {
    compare(
        new HeadSpec(
            "original",
            List.of(new Member(List.of(8), 0, 0)),
            false,
            false,
            0,
            1,
            Augmentation.MILD,
            new Sgd(0.9),
            new Exponential(0.1, 2, 0.8),
            64,
            EPOCHS,
            0,
            ValidationViews.PLAIN));
  }

  @Test
  void adamWithCosineClassWeightsSmoothingAndPenalty() throws IOException {
    compare(
        new HeadSpec(
            "logistic",
            List.of(new Member(List.of(), 0, 5e-3)),
            true,
            true,
            0.1,
            1,
            Augmentation.MILD,
            Adam.DEFAULT,
            new Cosine(0.05, 0.25),
            40,
            EPOCHS,
            0,
            ValidationViews.PLAIN));
  }

  @Test
  void adamWithHiddenLayerAndPenalty() throws IOException {
    compare(
        new HeadSpec(
            "mlp",
            List.of(new Member(List.of(5), 0, 1e-2)),
            true,
            true,
            0.1,
            1,
            Augmentation.MILD,
            Adam.DEFAULT,
            new Constant(0.02),
            40,
            EPOCHS,
            0,
            ValidationViews.PLAIN));
  }

  /** Members are trained side by side, each as if it were alone. */
  @Test
  void membersDoNotDisturbEachOther() throws IOException {
    HeadSpec both =
        new HeadSpec(
            "both",
            List.of(new Member(List.of(5), 0, 1e-2), new Member(List.of(), 0, 5e-3)),
            true,
            true,
            0.1,
            1,
            Augmentation.MILD,
            Adam.DEFAULT,
            new Constant(0.02),
            40,
            EPOCHS,
            0,
            ValidationViews.PLAIN);
    Model trained = train(both, new ArrayList<>());
    JsonNode alone = KerasHeads.golden().get("heads").get("mlp").get("weights");
    for (String name : List.of("hidden1/kernel", "hidden1/bias")) {
      assertClose(
          name,
          trained.weights().floats("member1_" + name),
          KerasHeads.floats(alone.get(name)),
          TOLERANCE);
    }
  }

  private static void compare(HeadSpec spec) throws IOException {
    List<EpochResult> epochs = new ArrayList<>();
    Model trained = train(spec, epochs);
    JsonNode keras = KerasHeads.golden().get("heads").get(spec.name());

    assertThat(keras.get("weights").size())
        .isEqualTo(spec.members().get(0).hiddenUnits().size() * 2 + 2);
    Weights weights = trained.weights();
    keras
        .get("weights")
        .properties()
        .forEach(
            expected ->
                assertClose(
                    expected.getKey(),
                    weights.floats(expected.getKey()),
                    KerasHeads.floats(expected.getValue()),
                    TOLERANCE));
    assertThat(epochs).hasSize(EPOCHS);
    double[] losses = epochs.stream().mapToDouble(EpochResult::loss).toArray();
    double[] expected = new double[EPOCHS];
    for (int i = 0; i < EPOCHS; i++) {
      expected[i] = keras.get("losses").get(i).asDouble();
    }
    assertClose("losses", losses, expected, TOLERANCE);
    Embeddings data = KerasHeads.data();
    try (InferenceEngine engine = new TensorFlowEngineFactory().create(trained, 1)) {
      assertClose(
          "probabilities",
          engine.run(data.views().get(0).toFloats(), data.images().size())[0],
          KerasHeads.floats(keras.get("probabilities")),
          TOLERANCE);
    }
  }

  private static Model train(HeadSpec spec, List<EpochResult> epochs) throws IOException {
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void onEpochEnd(EpochResult result) {
            epochs.add(result);
          }
        };
    return new HeadTrainer(
            spec,
            0,
            Context.of(new TfLiteEngineFactory(), Path.of("unused"))
                .withCores(2)
                .withListener(listener))
        .train(KerasHeads.data(), KerasHeads.data(), KerasHeads.initialWeights(spec));
  }
}
