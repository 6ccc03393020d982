package io.github.deepxray.train.internal.stage;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.classify.GateLimits;
import io.github.deepxray.core.network.ElementType;
import io.github.deepxray.optimize.prune.ChannelPruningSpec;
import io.github.deepxray.optimize.prune.PruningSpec;
import io.github.deepxray.optimize.quantize.QuantizationMode;
import io.github.deepxray.optimize.quantize.QuantizationSpec;
import io.github.deepxray.optimize.quantize.RangeMethod;
import io.github.deepxray.optimize.quantize.RangeSelection;
import io.github.deepxray.optimize.quantize.SearchLimits;
import io.github.deepxray.tflite.internal.TfLiteEngineFactory;
import io.github.deepxray.train.BackbonePruningSpec;
import io.github.deepxray.train.FineTuningSpec;
import io.github.deepxray.train.FormsSpec;
import io.github.deepxray.train.TrainingSpec;
import io.github.deepxray.train.recipe.CalibrationMode;
import io.github.deepxray.train.recipe.FineTuningRecipe;
import io.github.deepxray.train.recipe.GuardMode;
import io.github.deepxray.train.recipe.HeadSpec;
import io.github.deepxray.train.recipe.ValidationViews;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A stage's fingerprint follows every option and every input. */
class StageTest {
  static Stream<Record> options() throws IOException {
    TrainingSpec trainer = TrainingSpec.of(HeadSpec.of("ensemble"), 1);
    PruningSpec gradual =
        PruningSpec.of(0.5).withTiming(new PruningSpec.Polynomial(0.1, 0.1, 0.8, 3, 2));
    return Stream.of(
        trainer,
        new TrainingSpec(
            HeadSpec.of("original"),
            1,
            0.9,
            0.2,
            ValidationViews.PLAIN,
            CalibrationMode.NONE,
            GuardMode.NONE),
        new BackbonePruningSpec(
            Optional.of(ChannelPruningSpec.of(0.8)), Optional.of(PruningSpec.of(0.5)), 8, trainer),
        FineTuningSpec.of(FineTuningRecipe.DEFAULT, 7).withPruning(gradual),
        new FormsSpec(
            List.of(
                QuantizationSpec.of(QuantizationMode.INT8)
                    .withRanges(
                        RangeSelection.of(RangeMethod.percentile(0.99))
                            .with("stem", RangeMethod.movingAverage(0.9)))),
            8,
            true,
            FormsSpec.Refit.AUTO,
            Optional.of(new SearchLimits(2, 1.5)),
            true,
            ElementType.INT8,
            ElementType.FLOAT32,
            false,
            GateLimits.QUANTIZATION,
            1));
  }

  @ParameterizedTest
  @MethodSource("options")
  void changesWithEveryComponent(Record options) {
    String fingerprint = Stage.of("stage", options).fingerprint();
    Variants.Found found = Variants.of(options);
    assertThat(found.unchanged()).as("components that no other value was found for").isEmpty();
    assertThat(found.variants())
        .hasSizeGreaterThan(options.getClass().getRecordComponents().length);
    found
        .variants()
        .forEach(
            (path, variant) ->
                assertThat(Stage.of("stage", variant).fingerprint())
                    .as(path)
                    .isNotEqualTo(fingerprint));
  }

  @ParameterizedTest
  @MethodSource("options")
  void changesWithNameInputsAndEngineButNotWithOutputs(Record options) {
    Stage stage = Stage.of("stage", options).reading("data", "a");
    TfLiteEngineFactory engines = new TfLiteEngineFactory();
    assertThat(
            Stream.of(
                    stage,
                    Stage.of("other", options).reading("data", "a"),
                    Stage.of("stage", options).reading("data", "b"),
                    Stage.of("stage", options).reading("model", "a"),
                    stage.reading("model", "a"),
                    stage.computedBy(engines))
                .map(Stage::fingerprint))
        .doesNotHaveDuplicates();
    assertThat(stage.reading("b", "1").reading("c", "2").fingerprint())
        .isEqualTo(stage.reading("c", "2").reading("b", "1").fingerprint());
    assertThat(stage.writing(List.of("file")).fingerprint()).isEqualTo(stage.fingerprint());
  }
}
