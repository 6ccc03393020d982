package io.github.deepxray.train.internal;

import static io.github.deepxray.testkit.ArrayAssertions.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.DatasetManifest;
import io.github.deepxray.datasets.DatasetOptions;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.datasets.XrayRecord;
import io.github.deepxray.datasets.phantom.PhantomArchive;
import io.github.deepxray.datasets.phantom.PhantomOptions;
import io.github.deepxray.tensorflow.internal.TensorFlowEngineFactory;
import io.github.deepxray.testkit.Fixtures;
import io.github.deepxray.tflite.internal.TfLiteEngineFactory;
import io.github.deepxray.train.BackboneModel;
import io.github.deepxray.train.ModelMetrics;
import io.github.deepxray.train.Predictions;
import io.github.deepxray.train.ProbabilityCalibration;
import io.github.deepxray.train.ProbabilityCalibration.Method;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.TrainingResult;
import io.github.deepxray.train.TrainingSpec;
import io.github.deepxray.train.recipe.HeadSpec;
import io.github.deepxray.train.recipe.ValidationViews;
import io.github.deepxray.train.stage.Context;
import io.github.deepxray.train.stage.EpochResult;
import io.github.deepxray.train.stage.TrainingListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From a prepared data set to metrics, on phantoms of 64 pixels and an untrained backbone. */
class TrainingTest {
  private static final int SIZE = 64;

  @TempDir static Path shared;
  private static PreparedDataset dataset;
  private static BackboneModel backbone;

  @TempDir Path folder;

  @BeforeAll
  static void prepare() throws IOException {
    dataset = dataset("data", 0);
    List<RgbImage> images =
        dataset.readAll(Split.TRAIN).stream().limit(8).map(XrayRecord::decode).toList();
    backbone =
        UntrainedBackbone.calibrated(
            Fixtures.SMALL_EFFICIENT_NET, SIZE, images, 0, context(shared));
  }

  @Test
  void trainsSavesAndEvaluates() throws IOException {
    TrainingResult result =
        trainer(TrainingListener.NONE).train(dataset, backbone, folder.resolve("train"));
    int train = dataset.images(Split.TRAIN);
    int validation = dataset.images(Split.VALIDATION);
    assertThat(result.vectors()).isEqualTo(2L * train + 4L * validation);
    assertThat(result.vectorsPerSecond()).isPositive();
    assertThat(result.epochSeconds()).isPositive();
    assertThat(folder.resolve("train/checkpoint")).doesNotExist();
    assertThat(Files.readAllLines(folder.resolve("train/history.csv")))
        .hasSize(head().epochs() + 1)
        .element(1)
        .asString()
        .startsWith("1,");

    TrainedModel model = TrainedModel.load(folder.resolve("train"));
    assertThat(model).isEqualTo(result.model());
    TrainedModel.Description description = model.description();
    assertThat(description.head()).isEqualTo(head());
    assertThat(description.dataset()).isEqualTo(dataset.fingerprint());
    assertThat(description.epochs()).isEqualTo(head().epochs());
    assertThat(description.backboneSha256()).isEqualTo(backbone.model().weights().sha256());
    assertThat(model.backbone().weights()).isEqualTo(backbone.model().weights());

    Path evaluation = folder.resolve("evaluation");
    ModelMetrics report = evaluator().evaluate(dataset, model, evaluation);
    assertThat(ModelMetrics.read(evaluation.resolve(ModelMetrics.FILE))).isEqualTo(report);
    for (Split split : List.of(Split.VALIDATION, Split.TEST)) {
      SplitScores scored =
          Predictions.read(evaluation.resolve(Predictions.fileName(split.key()))).scores();
      assertThat(scored.examples().stream().map(ScoredExample::id).toList())
          .isEqualTo(dataset.readAll(split).stream().map(XrayRecord::filename).toList());
      assertThat(report.of(split, Metric.AUC).value()).isEqualTo(scored.auc());
      assertThat(report.table(split)).contains(" viral ", " bacterial ", " normal ");
    }
    assertThat(report.framed().images().stream().mapToLong(Long::longValue).sum())
        .isEqualTo(3L * validation);
    assertThat(report.shortcuts().stream().map(ModelMetrics.Reliance::shortcut).toList())
        .isNotEmpty()
        .isEqualTo(
            dataset.manifest().shortcuts().stream()
                .filter(DatasetManifest.Shortcut::inPicture)
                .map(DatasetManifest.Shortcut::name)
                .toList());
    // The threshold was chosen to find 93 % of the positives on framed validation images.
    assertThat(report.framed().of(Metric.SENSITIVITY, "validation").value())
        .isGreaterThanOrEqualTo(0.93);
  }

  @Test
  void calibratesTheProbabilities() throws IOException {
    PreparedDataset larger =
        dataset("larger", PhantomOptions.DEFAULT.withTrain(60, 90).withTest(10, 14).withSize(SIZE));
    Path train = folder.resolve("train");
    TrainedModel model = trainer(TrainingListener.NONE).train(larger, backbone, train).model();
    ProbabilityCalibration calibration = model.description().calibration();
    assertThat(calibration.crossValidated()).containsKeys(Method.NONE, Method.TEMPERATURE);
    assertThat(calibration.views()).isEqualTo(ValidationViews.FRAMED);
    ModelMetrics report = evaluator().evaluate(larger, model, folder);
    for (Split split : List.of(Split.VALIDATION, Split.TEST)) {
      SplitScores scored =
          Predictions.read(folder.resolve(Predictions.fileName(split.key()))).scores();
      SplitScores before = calibration.inverse().apply(scored);
      assertThat(before.auc()).isEqualTo(scored.auc());
      assertThat(report.uncalibrated().get(split.key()).of(Metric.LOG_LOSS).value())
          .isCloseTo(before.of(Metric.LOG_LOSS), within(1e-4));
    }
    TrainedModel raw = model.deciding(ProbabilityCalibration.NONE, model.description().decision());
    assertThat(raw.model()).isEqualTo(model.uncalibrated());
    assertThat(raw.head()).isEqualTo(model.uncalibratedHead());
  }

  /** The whole network in TensorFlow says of the pixels what evaluation said of the embeddings. */
  @Test
  void savesOneNetworkFromPixelsToProbability() throws IOException {
    Path train = folder.resolve("train");
    trainer(TrainingListener.NONE).train(dataset, backbone, train);
    TrainedModel model = TrainedModel.load(train);
    evaluator().evaluate(dataset, model, folder);
    List<ScoredExample> expected =
        Predictions.read(folder.resolve(Predictions.fileName("test"))).scores().examples();
    List<XrayRecord> records = dataset.readAll(Split.TEST);
    float[] input = new float[records.size() * SIZE * SIZE * 3];
    for (int i = 0; i < records.size(); i++) {
      records.get(i).decode().copyTo(input, i * SIZE * SIZE * 3);
    }
    try (InferenceEngine engine = new TensorFlowEngineFactory().create(model.model(), 2)) {
      assertClose(
          "probabilities",
          engine.run(input, records.size())[0],
          expected.stream().mapToDouble(e -> e.score(1)).toArray(),
          1e-4);
    }
  }

  @Test
  void usesTheEmbeddingsThatAreThere() throws IOException {
    trainer(TrainingListener.NONE).train(dataset, backbone, folder.resolve("train"));
    TrainingResult again =
        trainer(TrainingListener.NONE).train(dataset, backbone, folder.resolve("again"));
    assertThat(again.vectors()).isZero();
    for (String file : List.of(TrainedModel.WEIGHTS, TrainedModel.DESCRIPTION, "history.csv")) {
      assertThat(folder.resolve("again").resolve(file))
          .hasSameBinaryContentAs(folder.resolve("train").resolve(file));
    }
    // Evaluation of the model that was saved and loaded finds the validation vectors of training.
    long[] computed = {0};
    Progress counting =
        (task, total) -> {
          computed[0] += task.contains("embeddings") ? total : 0;
          return Progress.Task.NONE;
        };
    new Evaluator(context(folder).withProgress(counting))
        .evaluate(dataset, TrainedModel.load(folder.resolve("train")), folder);
    assertThat(computed[0]).isEqualTo(dataset.images(Split.TEST));
  }

  @Test
  void goesOnAfterAKillWithTheSameFiles() throws IOException {
    trainer(TrainingListener.NONE).train(dataset, backbone, folder.resolve("whole"));
    Path killed = folder.resolve("killed");
    TrainingListener killer =
        new TrainingListener() {
          @Override
          public void onEpochEnd(EpochResult result) {
            if (result.epoch() == 7) {
              throw new IllegalStateException("killed");
            }
          }
        };
    assertThatThrownBy(() -> trainer(killer).train(dataset, backbone, killed)).hasMessage("killed");
    assertThatThrownBy(() -> TrainedModel.load(killed))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("train command");
    int[] first = {-1};
    TrainingListener watcher =
        new TrainingListener() {
          @Override
          public void onTrainingBegin(String phase, int firstEpoch, int epochs) {
            first[0] = firstEpoch;
          }
        };
    trainer(watcher).train(dataset, backbone, killed);
    assertThat(first[0]).isEqualTo(6);
    for (String file : List.of(TrainedModel.WEIGHTS, TrainedModel.DESCRIPTION, "history.csv")) {
      assertThat(killed.resolve(file))
          .hasSameBinaryContentAs(folder.resolve("whole").resolve(file));
    }
  }

  @Test
  void refusesToEvaluateOnAnotherDataSet() throws IOException {
    TrainedModel model =
        trainer(TrainingListener.NONE).train(dataset, backbone, folder.resolve("train")).model();
    PreparedDataset other = dataset("other", 1);
    assertThatThrownBy(() -> evaluator().evaluate(other, model, folder))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("another data set")
        .hasMessageContaining(other.folder().toString());
  }

  @Test
  void refusesImagesOfAnotherSize() {
    BackboneModel larger =
        new BackboneModel(
            Fixtures.SMALL_EFFICIENT_NET,
            new Model(Fixtures.SMALL_EFFICIENT_NET.network(96), backbone.model().weights()),
            "larger");
    assertThatThrownBy(
            () -> trainer(TrainingListener.NONE).train(dataset, larger, folder.resolve("train")))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("64")
        .hasMessageContaining("--image-size 96");
  }

  @Test
  void namesADamagedOrMissingModel() throws IOException {
    assertThatThrownBy(() -> TrainedModel.load(folder))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining(folder.toString());
    Path train = folder.resolve("train");
    trainer(TrainingListener.NONE).train(dataset, backbone, train);
    Path description = train.resolve(TrainedModel.DESCRIPTION);
    String text = Files.readString(description);
    Files.writeString(description, text.replace("deepxray-training/1", "deepxray-training/9"));
    assertThatThrownBy(() -> TrainedModel.load(train))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("deepxray-training/9");
    Files.writeString(description, text.replace("\"thresholds\"", "\"other\""));
    assertThatThrownBy(() -> TrainedModel.load(train)).isInstanceOf(DeepXrayException.class);
    Files.writeString(description, text);
    Path weights = train.resolve(TrainedModel.WEIGHTS);
    byte[] bytes = Files.readAllBytes(weights);
    Files.write(weights, Arrays.copyOf(bytes, bytes.length - 100));
    assertThatThrownBy(() -> TrainedModel.load(train))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining(TrainedModel.WEIGHTS);
  }

  private static HeadSpec head() throws IOException {
    return HeadSpec.of("ensemble").withViews(2).withEpochs(10);
  }

  private Trainer trainer(TrainingListener listener) throws IOException {
    return new Trainer(
        TrainingSpec.of(head(), 0), context(folder).withCheckpointEvery(3).withListener(listener));
  }

  private static Context context(Path home) {
    return Context.of(new TfLiteEngineFactory(), home.resolve("cache")).withCores(2);
  }

  private Evaluator evaluator() {
    return new Evaluator(context(folder));
  }

  private static PreparedDataset dataset(String name, long seed) throws IOException {
    return dataset(
        name,
        PhantomOptions.DEFAULT
            .withTrain(24, 36)
            .withVal(2, 2)
            .withTest(10, 14)
            .withSize(SIZE)
            .withSeed(seed));
  }

  private static PreparedDataset dataset(String name, PhantomOptions images) throws IOException {
    Path source = shared.resolve(name + "-phantoms");
    PhantomArchive.writeFolder(source, images);
    return PreparedDataset.prepare(
        source,
        shared.resolve(name),
        DatasetOptions.DEFAULT.withImageSize(SIZE).withValidationFraction(0.25),
        Progress.NONE);
  }
}
