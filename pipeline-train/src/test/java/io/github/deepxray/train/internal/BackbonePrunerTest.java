package io.github.deepxray.train.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.internal.network.MultiplyAdds;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.DatasetOptions;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.datasets.XrayRecord;
import io.github.deepxray.datasets.phantom.PhantomArchive;
import io.github.deepxray.datasets.phantom.PhantomOptions;
import io.github.deepxray.optimize.prune.ChannelPruningSpec;
import io.github.deepxray.optimize.prune.PruningSpec;
import io.github.deepxray.testkit.Fixtures;
import io.github.deepxray.testkit.ProgressNotes;
import io.github.deepxray.tflite.internal.TfLiteEngineFactory;
import io.github.deepxray.train.BackboneModel;
import io.github.deepxray.train.BackbonePruningSpec;
import io.github.deepxray.train.FineTuningSpec;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.TrainingResult;
import io.github.deepxray.train.TrainingSpec;
import io.github.deepxray.train.internal.finetune.FineTuner;
import io.github.deepxray.train.recipe.Augmentation;
import io.github.deepxray.train.recipe.CalibrationMode;
import io.github.deepxray.train.recipe.FineTuningRecipe;
import io.github.deepxray.train.recipe.GuardMode;
import io.github.deepxray.train.recipe.HeadSpec;
import io.github.deepxray.train.recipe.ValidationViews;
import io.github.deepxray.train.stage.Context;
import io.github.deepxray.train.stage.TrainingListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On phantoms of 32 pixels and an untrained backbone. */
class BackbonePrunerTest {
  private static final int SIZE = 32;
  private static final int IMAGES = 4;
  private static final PruningSpec HALF_OF_TOP =
      PruningSpec.of(0.5).withBase(PruningSpec.Base.PRUNED).withFrom("top");

  @TempDir static Path shared;
  private static PreparedDataset dataset;
  private static TrainedModel start;

  @TempDir Path folder;
  private final ProgressNotes notes = new ProgressNotes();

  @BeforeAll
  static void prepare() throws IOException {
    dataset = dataset("data", 0);
    List<RgbImage> images =
        dataset.readAll(Split.TRAIN).stream().limit(8).map(XrayRecord::decode).toList();
    BackboneModel backbone =
        UntrainedBackbone.calibrated(
            Fixtures.SMALL_EFFICIENT_NET, SIZE, images, 0, context(shared));
    start =
        new Trainer(trainer(), context(shared))
            .train(dataset, backbone, shared.resolve("head"))
            .model();
  }

  private static PreparedDataset dataset(String name, long seed) throws IOException {
    Path source = shared.resolve(name + "-phantoms");
    PhantomArchive.writeFolder(
        source,
        PhantomOptions.DEFAULT
            .withTrain(12, 12)
            .withVal(1, 1)
            .withTest(2, 2)
            .withSize(SIZE)
            .withSeed(seed));
    return PreparedDataset.prepare(
        source,
        shared.resolve(name),
        DatasetOptions.DEFAULT.withImageSize(SIZE).withValidationFraction(0.25),
        Progress.NONE);
  }

  private static TrainingSpec trainer() throws IOException {
    return trainer(HeadSpec.of("logistic"));
  }

  private static TrainingSpec trainer(HeadSpec head) {
    return new TrainingSpec(
        head.withViews(1).withEpochs(5),
        3,
        0.95,
        0.5,
        ValidationViews.PLAIN,
        CalibrationMode.AUTO,
        GuardMode.NONE);
  }

  private static BackbonePruningSpec weights(PruningSpec spec) throws IOException {
    return weights(spec, HeadSpec.of("logistic"));
  }

  private static BackbonePruningSpec weights(PruningSpec spec, HeadSpec head) {
    return new BackbonePruningSpec(Optional.empty(), Optional.of(spec), IMAGES, trainer(head));
  }

  private BackbonePruner pruner(BackbonePruningSpec options, TrainingListener listener) {
    return new BackbonePruner(options, context(folder).withProgress(notes).withListener(listener));
  }

  private static Context context(Path home) {
    return Context.of(new TfLiteEngineFactory(), home.resolve("cache")).withCores(2);
  }

  private TrainedModel prune(BackbonePruningSpec options, TrainedModel model) throws IOException {
    return pruner(options, TrainingListener.NONE)
        .prune(dataset, model, folder.resolve("pruned"))
        .model();
  }

  @Test
  void prunesWeightsAndTrainsTheHeadAnew() throws IOException {
    TrainedModel pruned = prune(weights(HALF_OF_TOP), start);
    assertThat(TrainedModel.load(folder.resolve("pruned"))).isEqualTo(pruned);
    TrainedModel.Description description = pruned.description();
    assertThat(description.pruning().orElseThrow().spec())
        .isEqualTo(HALF_OF_TOP.resolved(description.architecture()));
    assertThat(description.pruning().orElseThrow().sparsity()).isBetween(0.499, 0.501);
    assertThat(zeros(pruned, "top_conv/kernel")).isEqualTo(0.5);
    assertThat(pruned.model().weights().get("block7a_project_conv/kernel"))
        .isEqualTo(start.model().weights().get("block7a_project_conv/kernel"));
    assertThat(pruned.head()).isNotEqualTo(start.head());

    // Where it comes from: the backbone before pruning, the classifier that was pruned.
    assertThat(description.backboneSha256()).isEqualTo(start.description().backboneSha256());
    assertThat(description.backboneSource()).endsWith("pruned");
    assertThat(description.parent()).contains(start.model().weights().sha256());
    assertThat(description.fineTuning()).isEmpty();
  }

  /** Beside a member that has none, and kept through fine-tuning. */
  @Test
  void prunesTheHiddenLayerOfTheHead() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("head.yaml"),
            """
            name: two
            members: [{hiddenUnits: [], dropout: 0, l2: 0.01}, {hiddenUnits: [16], dropout: 0.5, l2: 0}]
            standardize: true
            balanced: true
            labelSmoothing: 0.1
            views: 1
            optimizer: {type: sgd, momentum: 0.9}
            learningRate: {type: constant, initial: 0.01}
            batchSize: 8
            epochs: 5
            patience: 0
            """);
    HeadSpec head = HeadSpec.of(file.toString());
    PruningSpec spec = PruningSpec.of(0.6).withBase(PruningSpec.Base.PRUNED).withFrom("top");
    TrainedModel pruned = prune(weights(spec, head), start);
    assertThat(TrainedModel.load(folder.resolve("pruned"))).isEqualTo(pruned);
    assertThat(zeros(pruned, "top_conv/kernel")).isEqualTo(0.6, within(1e-5));
    assertThat(zeros(pruned, "member2_hidden1/kernel")).isEqualTo(0.6, within(1e-4));
    assertThat(zeros(pruned, "member1_logit/kernel")).isZero();
    assertThat(zeros(pruned, "member2_logit/kernel")).isZero();
    assertThat(pruned.description().pruning().orElseThrow().sparsity())
        .isEqualTo(0.6, within(1e-5));
    assertThat(pruned.description().prunedHeadLayers()).containsExactly("member2_hidden1");

    // The threshold is for what the pruned head says: it still finds the share that was asked for.
    List<Double> positives = new ArrayList<>();
    try (InferenceEngine engine = new TfLiteEngineFactory().create(pruned.model(), 1)) {
      for (XrayRecord record : dataset.readAll(Split.VALIDATION)) {
        if (record.label().index() == 1) {
          float[] image = new float[SIZE * SIZE * 3];
          record.decode().copyTo(image, 0);
          positives.add((double) engine.run(image, 1)[0][0]);
        }
      }
    }
    double threshold = pruned.description().decision().decision().threshold().orElseThrow();
    assertThat(positives.stream().filter(p -> p >= threshold - 1e-6).count())
        .isEqualTo((long) Math.ceil(0.95 * positives.size()));

    PruningSpec spared = spec.withSpare(List.of("*hidden*", "*logit"));
    TrainedModel whole = prune(weights(spared, head), start);
    assertThat(zeros(whole, "member2_hidden1/kernel")).isZero();
    assertThat(whole.description().prunedHeadLayers()).isEmpty();
    assertThat(whole.backbone().weights().get("top_conv/kernel"))
        .isEqualTo(pruned.backbone().weights().get("top_conv/kernel"));

    FineTuningRecipe tuning =
        FineTuningRecipe.DEFAULT
            .withFrom("top")
            .withEpochs(1)
            .withViews(1)
            .withAugmentation(Augmentation.MILD);
    TrainedModel tuned =
        new FineTuner(FineTuningSpec.of(tuning, 1), context(folder))
            .tune(dataset, pruned, folder.resolve("tuned"))
            .model();
    assertThat(tuned.model().weights().get("member2_hidden1/kernel"))
        .isNotEqualTo(pruned.model().weights().get("member2_hidden1/kernel"));
    assertThat(zeros(tuned, "member2_hidden1/kernel")).isEqualTo(0.6, within(1e-4));
    assertThat(zeros(tuned, "top_conv/kernel")).isEqualTo(0.6, within(1e-5));
  }

  private static double zeros(TrainedModel model, String kernel) {
    float[] values = model.model().weights().floats(kernel);
    int zeros = 0;
    for (float value : values) {
      zeros += Float.floatToRawIntBits(value) == 0 ? 1 : 0;
    }
    return (double) zeros / values.length;
  }

  @Test
  void stillTellsThatABackboneWasFineTuned() throws IOException {
    TrainedModel.FineTuning done = new TrainedModel.FineTuning(FineTuningRecipe.DEFAULT, 1, 5, 4);
    TrainedModel tuned =
        new TrainedModel(start.description().withFineTuning(Optional.of(done)), start.model());
    TrainedModel pruned = prune(weights(HALF_OF_TOP), tuned);
    assertThat(pruned.description().fineTuning()).contains(done);
    assertThat(TrainedModel.load(folder.resolve("pruned"))).isEqualTo(pruned);
  }

  @Test
  void whatIsFinishedIsNotDoneAgain() throws IOException {
    TrainedModel pruned = prune(weights(HALF_OF_TOP), start);
    assertThat(notes.lines()).isEmpty();
    TrainingListener refuses =
        new TrainingListener() {
          @Override
          public void onTrainingBegin(String phase, int firstEpoch, int epochs) {
            throw new IllegalStateException("trains");
          }
        };
    Path place = folder.resolve("pruned");
    TrainingResult again = pruner(weights(HALF_OF_TOP), refuses).prune(dataset, start, place);
    assertThat(again.model()).isEqualTo(pruned);
    assertThat(again.vectors()).isZero();
    assertThat(notes.lines()).singleElement().asString().contains("pruning", "finished", "pruned");

    Context anew = context(folder).withListener(refuses).withoutResuming();
    assertThatThrownBy(
            () -> new BackbonePruner(weights(HALF_OF_TOP), anew).prune(dataset, start, place))
        .hasMessage("trains");
    // What it left may be half changed by now.
    assertThatThrownBy(() -> pruner(weights(HALF_OF_TOP), refuses).prune(dataset, start, place))
        .hasMessage("trains");
  }

  @Test
  void removesChannels() throws IOException {
    TrainedModel pruned =
        prune(
            new BackbonePruningSpec(
                Optional.of(ChannelPruningSpec.of(0.9)), Optional.empty(), IMAGES, trainer()),
            start);
    assertThat(pruned.description().expansionChannels()).isNotEmpty();
    assertThat(pruned.description().pruning()).isEmpty();
    assertThat(pruned.description().backboneSha256())
        .isEqualTo(start.description().backboneSha256());
    assertThat(MultiplyAdds.total(pruned.model().network()))
        .isLessThan(MultiplyAdds.total(start.model().network()));
    assertThat(TrainedModel.load(folder.resolve("pruned"))).isEqualTo(pruned);
  }

  @Test
  void refusesWhatCannotBe() throws IOException {
    TrainingSpec trainer = trainer();
    assertThatThrownBy(
            () -> new BackbonePruningSpec(Optional.empty(), Optional.empty(), 1, trainer))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("weights or channels");
    assertThatThrownBy(
            () -> new BackbonePruningSpec(Optional.empty(), Optional.of(HALF_OF_TOP), 0, trainer))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("not 0");
    PreparedDataset other = dataset("other", 1);
    assertThatThrownBy(
            () ->
                pruner(weights(HALF_OF_TOP), TrainingListener.NONE)
                    .prune(other, start, folder.resolve("pruned")))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining(other.folder().toString());
  }
}
