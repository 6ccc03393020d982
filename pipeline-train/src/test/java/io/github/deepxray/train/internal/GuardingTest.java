package io.github.deepxray.train.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.DatasetOptions;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.datasets.XrayRecord;
import io.github.deepxray.datasets.phantom.PhantomArchive;
import io.github.deepxray.datasets.phantom.PhantomOptions;
import io.github.deepxray.optimize.internal.Passes;
import io.github.deepxray.testkit.Fixtures;
import io.github.deepxray.tflite.internal.TfLiteEngineFactory;
import io.github.deepxray.train.BackboneModel;
import io.github.deepxray.train.InputGuard;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.TrainingSpec;
import io.github.deepxray.train.recipe.GuardMode;
import io.github.deepxray.train.recipe.HeadSpec;
import io.github.deepxray.train.stage.Context;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GuardingTest {
  private static final int SIZE = 32;

  @TempDir static Path shared;
  @TempDir Path folder;
  private static PreparedDataset dataset;
  private static TrainedModel trained;

  @BeforeAll
  static void train() throws IOException {
    PhantomArchive.writeFolder(
        shared.resolve("phantoms"),
        PhantomOptions.DEFAULT.withTrain(30, 30).withVal(1, 1).withTest(4, 4).withSize(SIZE));
    dataset =
        PreparedDataset.prepare(
            shared.resolve("phantoms"),
            shared.resolve("data"),
            DatasetOptions.DEFAULT.withImageSize(SIZE).withValidationFraction(0.4),
            Progress.NONE);
    List<RgbImage> images =
        dataset.readAll(Split.TRAIN).stream().limit(8).map(XrayRecord::decode).toList();
    BackboneModel backbone =
        UntrainedBackbone.calibrated(Fixtures.SMALL_EFFICIENT_NET, SIZE, images, 0, context());
    trained =
        new Trainer(
                TrainingSpec.of(HeadSpec.of("logistic").withViews(1).withEpochs(5), 1), context())
            .train(dataset, backbone, shared.resolve("train"))
            .model();
  }

  private static Context context() {
    return Context.of(new TfLiteEngineFactory(), shared.resolve("cache")).withCores(2);
  }

  @Test
  void fitsOnceAndReadsTheSame() throws IOException {
    InputGuard guard = new Guarding(context()).guard(dataset, trained, folder);
    assertThat(guard.description().model()).isEqualTo(trained.model().weights().sha256());
    assertThat(guard.description().flagged())
        .containsOnlyKeys("validation", InputGuard.FRAMED, "test");
    assertThat(guard.description().distortions()).containsKeys("inverted", "noise");
    assertThat(guard.description().detected()).isBetween(0.3, 1.0);
    byte[] weights = Files.readAllBytes(folder.resolve(InputGuard.WEIGHTS));
    assertThat(new Guarding(context()).guard(dataset, trained, folder)).isEqualTo(guard);
    new Guarding(context().withoutResuming()).guard(dataset, trained, folder);
    assertThat(Files.readAllBytes(folder.resolve(InputGuard.WEIGHTS))).isEqualTo(weights);
  }

  @Test
  void addsAnOutputAndKeepsTheOthers() throws IOException {
    InputGuard guard = new Guarding(context()).guard(dataset, trained, folder);
    Model guarded = guard.attach(trained.model(), trained.features());
    assertThat(guarded.network().outputs()).containsExactly("probability", "unfamiliarity");
    XrayRecord record = dataset.readAll(Split.VALIDATION).get(0);
    float[] input = new float[SIZE * SIZE * 3];
    record.decode().copyTo(input, 0);
    float[][] outputs;
    try (InferenceEngine engine =
        new TfLiteEngineFactory().create(Passes.forInference().apply(guarded), 1)) {
      outputs = engine.run(input, 1);
    }
    try (InferenceEngine engine =
        new TfLiteEngineFactory().create(Passes.forInference().apply(trained.model()), 1)) {
      assertThat(outputs[0]).isEqualTo(engine.run(input, 1)[0]);
    }
    assertThat(outputs[1]).hasSize(1);
    assertThat(outputs[1][0]).isBetween(0f, 1f);
  }

  @Test
  void leavesAClassifierWithoutGuardAsItIs() throws IOException {
    new Guarding(context()).guard(dataset, trained, folder);
    TrainedModel without =
        new TrainedModel(trained.description().withGuard(GuardMode.NONE), trained.model());
    InputGuard none = new Guarding(context()).guard(dataset, without, folder);
    assertThat(none).isEqualTo(InputGuard.NONE);
    assertThat(none.attach(trained.model(), trained.features())).isEqualTo(trained.model());
    assertThat(folder).doesNotExist();
  }
}
