package io.github.deepxray.train.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FineTuningRecipeTest {
  @TempDir Path folder;

  @Test
  void aBlockMeansTheDefaultsFromThere() throws IOException {
    assertThat(FineTuningRecipe.of("block7a"))
        .isEqualTo(FineTuningRecipe.DEFAULT.withFrom("block7a"));
  }

  @Test
  void aFileMayLeaveFieldsOut() throws IOException {
    Path file = folder.resolve("tune.yaml");
    Files.writeString(
        file,
        """
        from: top
        augmentation: mild
        criterion: plain
        emaDecay: 0.9
        learningRates: {head: 0.5}
        """);
    FineTuningRecipe spec = FineTuningRecipe.of(file.toString());
    assertThat(spec.from()).isEqualTo("top");
    assertThat(spec.augmentation()).isEqualTo(Augmentation.MILD);
    assertThat(spec.criterion()).isEqualTo(ValidationViews.PLAIN);
    assertThat(spec.emaDecay()).isEqualTo(0.9);
    assertThat(spec.learningRates()).isEqualTo(Map.of("head", 0.5));
    assertThat(spec.epochs()).isEqualTo(FineTuningRecipe.DEFAULT.epochs());
    // What was written whole is read whole.
    Path json = folder.resolve("tune.json");
    Json.write(json, spec);
    assertThat(FineTuningRecipe.of(json.toString())).isEqualTo(spec);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "from: ''",
        "epochs: 0",
        "batchSize: 0",
        "views: 0",
        "augmentation: wild",
        "augmentation: null",
        "learningRate: 0",
        "warmup: 1",
        "headLearningRate: -1",
        "layerDecay: 0",
        "learningRates: {top: -1}",
        "learningRates: null",
        "weightDecay: -0.1",
        "labelSmoothing: 1",
        "clipNorm: -1",
        "emaDecay: 1",
        "patience: -1",
        "criterion: null",
        "epocs: 3",
        "- 1"
      })
  void refusesTheImpossible(String line) throws IOException {
    Path file = folder.resolve("tune.yml");
    Files.writeString(file, line + "\n");
    assertThatThrownBy(() -> FineTuningRecipe.of(file.toString()))
        .isInstanceOf(DeepXrayException.class);
  }

  @Test
  void aMissingFileIsNoBlock() {
    assertThatThrownBy(() -> FineTuningRecipe.of(folder.resolve("none.yaml").toString()))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("none.yaml");
  }

  @Test
  void theLearningRateRisesAndFallsToZero() {
    LearningRateSchedule schedule =
        FineTuningRecipe.DEFAULT.withLearningRate(2).withWarmup(0.2).schedule(100);
    // 20 steps rise; the first is no step of nothing.
    assertThat(schedule.at(0)).isCloseTo(2.0 / 21, within(1e-12));
    assertThat(schedule.at(10)).isCloseTo(22.0 / 21, within(1e-12));
    assertThat(schedule.at(20)).isEqualTo(2);
    assertThat(schedule.at(60)).isCloseTo(1, within(1e-12));
    assertThat(schedule.at(40)).isCloseTo(1 + Math.cos(Math.PI / 4), within(1e-12));
    assertThat(schedule.at(100)).isCloseTo(0, within(1e-12));
  }
}
