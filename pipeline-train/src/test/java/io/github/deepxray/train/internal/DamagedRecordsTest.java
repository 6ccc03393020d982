package io.github.deepxray.train.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.metrics.Evaluation;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.datasets.ClassNames;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.keras.internal.EfficientNet;
import io.github.deepxray.optimize.prune.PruningSpec;
import io.github.deepxray.testkit.DamagedInputs;
import io.github.deepxray.testkit.SharedData;
import io.github.deepxray.text.internal.Yaml;
import io.github.deepxray.tflite.internal.TfLiteEngineFactory;
import io.github.deepxray.train.DecisionRule.MostProbable;
import io.github.deepxray.train.DecisionRule.Thresholds;
import io.github.deepxray.train.ModelMetrics;
import io.github.deepxray.train.Predictions;
import io.github.deepxray.train.ProbabilityCalibration;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.internal.loop.Checkpoints;
import io.github.deepxray.train.internal.stage.HistoryFile;
import io.github.deepxray.train.internal.stage.Stage;
import io.github.deepxray.train.internal.stage.StageManifest;
import io.github.deepxray.train.recipe.FineTuningRecipe;
import io.github.deepxray.train.recipe.GuardMode;
import io.github.deepxray.train.recipe.HeadSpec;
import io.github.deepxray.train.recipe.ValidationViews;
import io.github.deepxray.train.stage.Context;
import io.github.deepxray.train.stage.EpochResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Damaged files of a training's stages, and of its options, give a value or a line. */
class DamagedRecordsTest {
  private static final long MOST_BYTES = 64L << 20;

  private static final Thresholds THRESHOLDS =
      new Thresholds(0.5, 0.25, 0.375, 0.1, 0.95, ValidationViews.PLAIN);

  private static final TrainedModel.Description DESCRIPTION =
      new TrainedModel.Description(
          "deepxray-training/1",
          EfficientNet.B0.name(),
          224,
          "ImageNet",
          "ab",
          preset("ensemble"),
          5,
          "tflite 2",
          "cd",
          Optional.of(0.7),
          30,
          THRESHOLDS,
          Optional.of(new TrainedModel.FineTuning(FineTuningRecipe.DEFAULT, 1, 5, 3)),
          Optional.of(new TrainedModel.Pruning(PruningSpec.of(0.5), 0.5)),
          Map.of("block6b", 576),
          Optional.of("ef"),
          Fit.CROP,
          ProbabilityCalibration.NONE,
          GuardMode.NONE);

  private static HeadSpec preset(String name) {
    try {
      return HeadSpec.of(name);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @TempDir Path folder;

  private Path file(String name, Object content) throws IOException {
    Path file = folder.resolve(name);
    Json.write(file, content);
    return file;
  }

  @Test
  void training() throws IOException {
    Path file = file(TrainedModel.DESCRIPTION, DESCRIPTION);
    // The weights are missing: whatever is read ends there.
    assertThatThrownBy(() -> TrainedModel.load(folder)).isInstanceOf(IOException.class);
    DamagedInputs.json(file, MOST_BYTES, () -> load(file));
  }

  @Test
  void trainingOfClasses() throws IOException {
    Path file =
        file(
            TrainedModel.DESCRIPTION,
            Json.parse(
                Json.compact(DESCRIPTION)
                    .replaceAll(
                        "\"thresholds\":\\{[^}]*}",
                        "\"thresholds\":{\"classShares\":[0.2,0.3,0.5]}"),
                "s"));
    DamagedInputs.json(file, MOST_BYTES, () -> load(file));
  }

  private void load(Path file) throws IOException {
    try {
      TrainedModel.load(file.getParent());
    } catch (java.nio.file.NoSuchFileException e) {
      assertThat(e.getMessage()).endsWith(TrainedModel.WEIGHTS);
    }
  }

  @Test
  void finishedStages() throws IOException {
    record Outcome(double loss, List<EpochResult> epochs, Optional<String> note) {}
    EpochResult epoch =
        new EpochResult(
            0, 1, 2, 0.9, Optional.of(new EpochResult.Scores(1, 0.8)), 1e-3, Optional.empty());
    Files.writeString(folder.resolve("a.txt"), "a");
    StageManifest stage =
        new StageManifest(
            folder,
            Stage.of("test", new Outcome(1, List.of(), Optional.empty()))
                .writing(List.of("a.txt")));
    stage.write(new Outcome(0.5, List.of(epoch), Optional.empty()));
    assertThat(stage.outcome(Outcome.class)).isPresent();
    assertThat(
            DamagedInputs.json(
                folder.resolve(StageManifest.FILE), MOST_BYTES, () -> stage.outcome(Outcome.class)))
        .isPositive();
  }

  @Test
  void checkpoints() throws IOException {
    EpochResult epoch =
        new EpochResult(
            0,
            1,
            Double.NaN,
            0.9,
            Optional.of(new EpochResult.Scores(1, 0.8)),
            1e-3,
            Optional.empty());
    Checkpoints checkpoints =
        new Checkpoints(
            folder.resolve("c"),
            "fingerprint",
            Context.of(new TfLiteEngineFactory(), folder).withCheckpointEvery(1));
    Weights none = Weights.builder().build();
    checkpoints.save(new Checkpoints.State(List.of(epoch, epoch)), none, none, none);
    assertThat(
            DamagedInputs.json(
                folder.resolve("c/state.json"), MOST_BYTES, () -> checkpoints.restore()))
        .isPositive();
  }

  @Test
  void metrics() throws IOException {
    List<ScoredExample> examples = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      examples.add(
          new ScoredExample("i" + i, "p" + i / 2, i % 2 == 0 ? 1 : 0, (i * 7 % 20) / 20.0));
    }
    Evaluation e = Evaluation.of(new SplitScores(examples), THRESHOLDS.decisions(), 1);
    Path file =
        file(
            ModelMetrics.FILE,
            new ModelMetrics(
                ModelMetrics.FORMAT,
                "m",
                "d",
                new ClassNames("NORMAL", "PNEUMONIA"),
                THRESHOLDS,
                Map.of("validation", e, "test", e),
                Map.of("test", Map.of("normal", e, "viral", e)),
                e,
                List.of(
                    new ModelMetrics.Reliance("aspect ratio", 0.25, List.of(0.75, 1.0, 1.0, 1.0))),
                Map.of()));
    assertThat(DamagedInputs.json(file, MOST_BYTES, () -> tables(file))).isPositive();
  }

  @Test
  void metricsOfClasses() throws IOException {
    List<ScoredExample> examples = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      double p = (i * 7 % 30) / 60.0;
      examples.add(new ScoredExample("i" + i, "p" + i / 2, i % 3, List.of(p, p, 1 - 2 * p)));
    }
    MostProbable decision = new MostProbable(List.of(0.5, 0.25, 0.25));
    Evaluation e = Evaluation.of(new SplitScores(examples), decision.decisions(), 1);
    Path file =
        file(
            ModelMetrics.FILE,
            new ModelMetrics(
                ModelMetrics.FORMAT,
                "m",
                "d",
                new ClassNames(List.of("a", "b", "c")),
                decision,
                Map.of("validation", e, "test", e),
                Map.of(),
                e,
                List.of(),
                Map.of()));
    assertThat(DamagedInputs.json(file, MOST_BYTES, () -> tables(file))).isPositive();
  }

  private static void tables(Path file) throws IOException {
    ModelMetrics metrics = ModelMetrics.read(file);
    metrics.table(Split.VALIDATION);
    metrics.table(Split.TEST);
  }

  @ParameterizedTest
  @ValueSource(strings = {"json", "yaml"})
  void heads(String extension) throws IOException {
    for (String name : HeadSpec.presetNames()) {
      Path file = file("head." + extension, preset(name));
      DamagedInputs.json(file, MOST_BYTES, () -> HeadSpec.of(file.toString()));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"json", "yaml"})
  void fineTunings(String extension) throws IOException {
    Path file = file("tune." + extension, FineTuningRecipe.DEFAULT);
    assertThat(DamagedInputs.json(file, MOST_BYTES, () -> FineTuningRecipe.of(file.toString())))
        .isPositive();
  }

  @Test
  void blockYaml() throws IOException {
    Path file = folder.resolve("head.yaml");
    Files.writeString(file, Yaml.text(Json.tree(preset("ensemble"))));
    DamagedInputs.bytes(file, MOST_BYTES, () -> HeadSpec.of(file.toString()));
  }

  @Test
  void aTypeThatIsNoneIsSaidInALine() {
    Path file = SharedData.hostile("head-type-stackoverflow.json");
    assertThatThrownBy(() -> HeadSpec.of(file.toString()))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("optimizer.type is \"a.a.a.a")
        .hasMessageContaining("must be one of sgd, adam")
        .hasMessageMatching("[^\n]{1,500}");
  }

  @Test
  void predictions() throws IOException {
    Path file = folder.resolve("predictions-test.csv");
    Files.writeString(
        file,
        """
        filename,label,slice,patient,probability_0,probability_1
        a.jpeg,0,normal,p1,0.75,0.25
        "b,c.jpeg",1,viral,p2,0.25,0.75
        d.jpeg,1,bacterial,p3,0.0,1.0
        """);
    assertThat(DamagedInputs.bytes(file, MOST_BYTES, () -> Predictions.read(file).scores()))
        .isPositive();
    Files.writeString(
        file,
        """
        filename,label,slice,patient,probability_0,probability_1,probability_2
        a.jpeg,0,unspecified,p1,0.25,0.5,0.25
        b.jpeg,2,unspecified,p2,0.25,0.5,0.25
        """);
    assertThat(DamagedInputs.bytes(file, MOST_BYTES, () -> Predictions.read(file).scores()))
        .isPositive();
  }

  @Test
  void histories() throws IOException {
    Path file = folder.resolve(HistoryFile.NAME);
    Files.writeString(
        file,
        """
        epoch,loss,validation_loss,validation_auc,learning_rate
        1,0.5,0.25,0.9,0.001
        2,0.4,0.2,0.95,NaN
        """);
    assertThat(DamagedInputs.bytes(file, MOST_BYTES, () -> HistoryFile.read(file))).isPositive();
  }
}
