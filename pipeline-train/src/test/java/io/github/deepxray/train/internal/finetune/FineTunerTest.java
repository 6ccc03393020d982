package io.github.deepxray.train.internal.finetune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.core.network.WeightSpec;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.datasets.DatasetOptions;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.datasets.XrayRecord;
import io.github.deepxray.datasets.phantom.PhantomArchive;
import io.github.deepxray.datasets.phantom.PhantomOptions;
import io.github.deepxray.optimize.prune.PruningSpec;
import io.github.deepxray.testkit.Fixtures;
import io.github.deepxray.testkit.InCi;
import io.github.deepxray.testkit.ProgressNotes;
import io.github.deepxray.tflite.internal.TfLiteEngineFactory;
import io.github.deepxray.train.BackboneModel;
import io.github.deepxray.train.DecisionRule.Thresholds;
import io.github.deepxray.train.FineTuningResult;
import io.github.deepxray.train.FineTuningSpec;
import io.github.deepxray.train.ModelMetrics;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.TrainingSpec;
import io.github.deepxray.train.internal.Evaluator;
import io.github.deepxray.train.internal.Trainer;
import io.github.deepxray.train.internal.UntrainedBackbone;
import io.github.deepxray.train.internal.stage.HistoryFile;
import io.github.deepxray.train.internal.stage.StageManifest;
import io.github.deepxray.train.recipe.Augmentation;
import io.github.deepxray.train.recipe.FineTuningRecipe;
import io.github.deepxray.train.recipe.HeadSpec;
import io.github.deepxray.train.recipe.ValidationViews;
import io.github.deepxray.train.stage.Context;
import io.github.deepxray.train.stage.EpochResult;
import io.github.deepxray.train.stage.TrainingListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On phantoms of 64 pixels and an untrained backbone. */
class FineTunerTest {
  private static final int SIZE = 64;
  private static final FineTuningRecipe SPEC =
      FineTuningRecipe.DEFAULT
          .withFrom("block7a")
          .withEpochs(2)
          .withBatchSize(16)
          .withViews(2)
          .withAugmentation(Augmentation.MILD)
          .withPatience(0)
          .withCriterion(ValidationViews.PLAIN);

  @TempDir static Path shared;
  private static PreparedDataset dataset;
  private static TrainedModel start;
  private static FineTuningResult first;

  @TempDir Path folder;

  @BeforeAll
  static void prepare() throws IOException {
    Path source = shared.resolve("phantoms");
    PhantomArchive.writeFolder(
        source,
        PhantomOptions.DEFAULT.withTrain(32, 32).withVal(1, 1).withTest(8, 8).withSize(SIZE));
    dataset =
        PreparedDataset.prepare(
            source,
            shared.resolve("data"),
            DatasetOptions.DEFAULT.withImageSize(SIZE).withValidationFraction(0.25),
            Progress.NONE);
    List<RgbImage> images =
        dataset.readAll(Split.TRAIN).stream().limit(8).map(XrayRecord::decode).toList();
    BackboneModel backbone =
        UntrainedBackbone.calibrated(Fixtures.SMALL_EFFICIENT_NET, SIZE, images, 0, context());
    start =
        new Trainer(TrainingSpec.of(HeadSpec.of("mlp").withEpochs(2).withViews(1), 1), context())
            .train(dataset, backbone, shared.resolve("head"))
            .model();
    first = tune(SPEC, shared.resolve("first"));
  }

  @Test
  void trainsSavesAndEvaluates() throws IOException {
    Path tuned = shared.resolve("first");
    FineTuningResult result = first;
    assertThat(result.epochs()).hasSize(2).allMatch(epoch -> epoch.framed().isPresent());
    assertThat(result.examplesPerSecond()).isPositive();
    assertThat(result.epochSeconds()).isPositive();
    assertThat(tuned.resolve("checkpoint")).doesNotExist();
    assertThat(Files.readAllLines(tuned.resolve("history.csv")))
        .hasSize(3)
        .first()
        .isEqualTo(
            "epoch,loss,validation_loss,validation_auc,framed_loss,framed_auc," + "learning_rate");

    TrainedModel model = TrainedModel.load(tuned);
    assertThat(model).isEqualTo(result.model());
    TrainedModel.FineTuning done = model.description().fineTuning().orElseThrow();
    assertThat(done).isEqualTo(new TrainedModel.FineTuning(SPEC, 7, 2, 2));
    assertThat(model.description().pruning()).isEmpty();
    ModelMetrics report =
        new Evaluator(context()).evaluate(dataset, model, folder.resolve("evaluation"));
    // The last epoch's AUC was measured on activations of 16 bits.
    assertThat(report.of(Split.VALIDATION, Metric.AUC).value())
        .isEqualTo(result.epochs().get(1).validationAuc());
  }

  /** Whatever comes before the first trained block, and the statistics, keep their bits. */
  @InCi
  @Test
  void trainsTheBlocksAskedForOnly() throws IOException {
    Map<String, String> blocks =
        Blocks.byLayer(start.description().architecture(), start.model().network());
    for (String from : List.of("block7a", "all")) {
      FineTuningRecipe spec =
          SPEC.withFrom(from).withEpochs(1).withBatchSize(48).withLearningRates(Map.of("top", 0.0));
      Weights trained = tune(spec, folder.resolve(from)).model().model().weights();
      for (WeightSpec weight : start.model().network().weightSpecs()) {
        int slash = weight.name().lastIndexOf('/');
        String block = blocks.get(weight.name().substring(0, slash));
        boolean statistic =
            List.of("mean", "variance", "moving_mean", "moving_variance")
                .contains(weight.name().substring(slash + 1));
        boolean learns =
            !statistic
                && !block.equals("top")
                && (from.equals("all") || block.equals("block7a") || block.equals("head"));
        assertThat(trained.get(weight.name()).equals(start.model().weights().get(weight.name())))
            .as("%s unchanged from %s", weight.name(), from)
            .isEqualTo(!learns);
      }
    }
  }

  @InCi
  @Test
  void learns() throws IOException {
    FineTuningResult result =
        tune(
            SPEC.withFrom("all")
                .withEpochs(12)
                .withBatchSize(8)
                .withLearningRate(3e-3)
                .withPatience(12)
                .withCriterion(ValidationViews.PLAIN),
            folder);
    int best = result.model().description().fineTuning().orElseThrow().bestEpoch() - 1;
    EpochResult epoch = result.epochs().get(best);
    assertThat(epoch.validationLoss()).isLessThan(0.8 * result.before().loss());
    assertThat(epoch.validationAuc()).isGreaterThan(result.before().auc() + 0.1);
  }

  @Test
  void twoRunsEndWithTheSameBitsAndAnotherSeedDoesNot() throws IOException {
    assertThat(tune(SPEC, folder.resolve("second")).model()).isEqualTo(first.model());
    for (String file :
        List.of(
            TrainedModel.WEIGHTS, TrainedModel.DESCRIPTION, HistoryFile.NAME, StageManifest.FILE)) {
      assertThat(folder.resolve("second").resolve(file))
          .hasSameBinaryContentAs(shared.resolve("first").resolve(file));
    }
    FineTuningSpec other = FineTuningSpec.of(SPEC, 8);
    assertThat(tuner(other, TrainingListener.NONE).tune(dataset, start, folder).model().model())
        .isNotEqualTo(first.model().model());
  }

  /** Only if nothing that the result depends on is another. */
  @Test
  void whatIsFinishedIsNotDoneAgain() throws IOException {
    Path done = folder.resolve("done");
    for (String file :
        List.of(
            TrainedModel.WEIGHTS, TrainedModel.DESCRIPTION, HistoryFile.NAME, StageManifest.FILE)) {
      AtomicFiles.write(
          done.resolve(file), Files.readAllBytes(shared.resolve("first").resolve(file)));
    }
    // A kill before the checkpoint was removed.
    AtomicFiles.write(done.resolve("checkpoint/state.json"), "{}");
    TrainingListener refuses =
        new TrainingListener() {
          @Override
          public void onTrainingBegin(String phase, int firstEpoch, int epochs) {
            throw new IllegalStateException("trains");
          }
        };
    ProgressNotes notes = new ProgressNotes();
    FineTuningSpec options = FineTuningSpec.of(SPEC, 7);
    FineTuningResult again =
        new FineTuner(
                options,
                context()
                    .withCores(1)
                    .withCache(folder.resolve("no-cache"))
                    .withProgress(notes)
                    .withListener(refuses))
            .tune(dataset, start, done);
    assertThat(again.model()).isEqualTo(first.model());
    assertThat(again.epochs()).isEqualTo(first.epochs());
    assertThat(again.before()).isEqualTo(first.before());
    assertThat(again.framedBefore()).isEqualTo(first.framedBefore());
    assertThat(again.activations()).isZero();
    assertThat(again.epochSeconds()).isNaN();
    assertThat(notes.lines())
        .singleElement()
        .asString()
        .contains("fine-tuning", "finished", "done");
    assertThat(done.resolve("checkpoint")).doesNotExist();

    Context anew = context().withListener(refuses).withoutResuming();
    assertThatThrownBy(() -> new FineTuner(options, anew).tune(dataset, start, done))
        .hasMessage("trains");
    FineTuningSpec otherSeed = FineTuningSpec.of(SPEC, 8);
    for (FineTuningSpec other : List.of(otherSeed, options.withPruning(pruning()))) {
      assertThatThrownBy(() -> tuner(other, refuses).tune(dataset, start, done))
          .hasMessage("trains");
    }
    Thresholds old = (Thresholds) start.description().decision();
    TrainedModel aimingElsewhere =
        new TrainedModel(
            start
                .description()
                .withDecision(
                    new Thresholds(
                        old.half(),
                        old.priorCorrected(),
                        old.atTargetSensitivity(),
                        old.targetPrevalence(),
                        0.9,
                        old.views())),
            start.model());
    assertThatThrownBy(() -> tuner(options, refuses).tune(dataset, aimingElsewhere, done))
        .hasMessage("trains");
    AtomicFiles.write(done.resolve(HistoryFile.NAME), "epoch\n");
    assertThatThrownBy(() -> tuner(options, refuses).tune(dataset, start, done))
        .hasMessage("trains");
  }

  @Test
  void goesOnFromACheckpointToTheSameBits() throws IOException {
    FineTuningRecipe spec = SPEC.withEpochs(3);
    FineTuningSpec options = FineTuningSpec.of(spec, 7).withPruning(pruning());
    FineTuningResult whole =
        tuner(options, TrainingListener.NONE).tune(dataset, start, folder.resolve("whole"));
    Path interrupted = folder.resolve("interrupted");
    TrainingListener dies =
        new TrainingListener() {
          @Override
          public void onEpochEnd(EpochResult result) {
            // The checkpoint of the second epoch is not written any more.
            if (result.epoch() == 1) {
              throw new IllegalStateException("killed");
            }
          }
        };
    assertThatThrownBy(() -> tuner(options, dies).tune(dataset, start, interrupted))
        .hasMessage("killed");
    assertThat(interrupted.resolve("checkpoint")).isDirectory();
    List<Integer> resumed = new ArrayList<>();
    TrainingListener hears =
        new TrainingListener() {
          @Override
          public void onTrainingBegin(String phase, int firstEpoch, int epochs) {
            assertThat(phase).isEqualTo(FINE_TUNING);
            resumed.add(firstEpoch);
          }
        };
    FineTuningResult result = tuner(options, hears).tune(dataset, start, interrupted);
    assertThat(resumed).containsExactly(1);
    assertThat(result.model()).isEqualTo(whole.model());
    assertThat(result.epochs()).isEqualTo(whole.epochs());
  }

  /** Half of the masked kernels is zero, the average among them, and stays so in the file. */
  @Test
  void keepsPrunedWeightsAtZero() throws IOException {
    FineTuningSpec options =
        FineTuningSpec.of(
                SPEC.withEpochs(3).withPatience(3).withCriterion(ValidationViews.PLAIN), 7)
            .withPruning(pruning());
    FineTuningResult result = tuner(options, TrainingListener.NONE).tune(dataset, start, folder);
    TrainedModel.Pruning pruning = result.model().description().pruning().orElseThrow();
    assertThat(pruning.spec())
        .isEqualTo(pruning().withFrom("block7a").resolved(start.description().architecture()));
    assertThat(pruning.sparsity()).isBetween(0.49, 0.51);
    assertHalfIsZero(TrainedModel.load(folder));
    // Fewer zeros score better, but only an epoch with all of them may be kept.
    int best = result.model().description().fineTuning().orElseThrow().bestEpoch();
    assertThat(best).isGreaterThanOrEqualTo(2);
    assertThat(result.epochs().get(best - 1).sparsity()).contains(pruning.sparsity());

    // What was zero stays zero when the model is trained on.
    TrainedModel again =
        tuner(FineTuningSpec.of(SPEC, 8), TrainingListener.NONE)
            .tune(dataset, result.model(), folder.resolve("again"))
            .model();
    assertHalfIsZero(again);
    assertThat(again.description().pruning()).contains(pruning);
    assertThat(again.model()).isNotEqualTo(result.model().model());

    // So it does where it is not trained.
    FineTuningRecipe frozen = SPEC.withEpochs(1).withLearningRates(Map.of("block7a", 0.0));
    TrainedModel partly =
        tuner(FineTuningSpec.of(frozen, 8), TrainingListener.NONE)
            .tune(dataset, result.model(), folder.resolve("partly"))
            .model();
    assertHalfIsZero(partly);
    assertThat(partly.model().weights().floats("block7a_expand_conv/kernel"))
        .isEqualTo(result.model().model().weights().floats("block7a_expand_conv/kernel"));
  }

  private static void assertHalfIsZero(TrainedModel model) {
    for (String kernel :
        List.of("block7a_expand_conv/kernel", "top_conv/kernel", "hidden1/kernel")) {
      float[] values = model.model().weights().floats(kernel);
      int zeros = 0;
      for (float value : values) {
        zeros += Float.floatToRawIntBits(value) == 0 ? 1 : 0;
        assertThat(Float.floatToRawIntBits(value)).isNotEqualTo(Float.floatToRawIntBits(-0f));
      }
      assertThat(zeros / (double) values.length).as(kernel).isBetween(0.49, 0.51);
    }
  }

  @Test
  void refusesWhatCannotBe() {
    assertThatThrownBy(() -> tune(SPEC.withFrom("block9a"), folder))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("block9a")
        .hasMessageContaining("all, block1a, block2a")
        .hasMessageContaining("block7a, top");
    assertThatThrownBy(() -> tune(SPEC.withLearningRates(Map.of("block1a", 1.0)), folder))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("block1a");
    FineTuningSpec options = FineTuningSpec.of(SPEC, 7).withPruning(pruning().withFrom("block6a"));
    assertThatThrownBy(() -> tuner(options, TrainingListener.NONE).tune(dataset, start, folder))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("block6a_expand_conv/kernel");
    FineTuningSpec frozen =
        FineTuningSpec.of(SPEC.withLearningRates(Map.of("top", 0.0)), 7).withPruning(pruning());
    assertThatThrownBy(() -> tuner(frozen, TrainingListener.NONE).tune(dataset, start, folder))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("top_conv/kernel")
        .hasMessageContaining("learning rate");
    // The last update comes after the end, or never.
    for (PruningSpec.Timing timing :
        List.of(
            new PruningSpec.PolynomialSteps(0, 0, 100, 3, 2),
            new PruningSpec.PolynomialSteps(0, 0, 5, 3, 2),
            new PruningSpec.ConstantSteps(100, -1, 1))) {
      FineTuningSpec late = FineTuningSpec.of(SPEC, 7).withPruning(pruning().withTiming(timing));
      assertThatThrownBy(() -> tuner(late, TrainingListener.NONE).tune(dataset, start, folder))
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining("steps of this training")
          .hasMessageContaining("instead of 50.0 %");
    }
    assertThatThrownBy(() -> tune(SPEC.withLearningRate(1e30), folder))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("Lower the learning rate");
  }

  private static PruningSpec pruning() {
    return PruningSpec.of(0.5)
        .withBase(PruningSpec.Base.PRUNED)
        .withTiming(new PruningSpec.Polynomial(0, 0, 0.5, 3, 2));
  }

  private static FineTuningResult tune(FineTuningRecipe spec, Path folder) throws IOException {
    return tuner(FineTuningSpec.of(spec, 7), TrainingListener.NONE).tune(dataset, start, folder);
  }

  private static FineTuner tuner(FineTuningSpec options, TrainingListener listener) {
    return new FineTuner(options, context().withListener(listener));
  }

  private static Context context() {
    return Context.of(new TfLiteEngineFactory(), shared.resolve("cache")).withCores(2);
  }
}
