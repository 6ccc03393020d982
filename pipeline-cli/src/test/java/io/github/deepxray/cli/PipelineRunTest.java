package io.github.deepxray.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.export.VerificationReport;
import io.github.deepxray.pipeline.BackboneSpec;
import io.github.deepxray.pipeline.DataSource;
import io.github.deepxray.pipeline.ExperimentListener;
import io.github.deepxray.pipeline.ExperimentPlan;
import io.github.deepxray.pipeline.ExperimentRunner;
import io.github.deepxray.pipeline.ExperimentSpec;
import io.github.deepxray.pipeline.ExperimentsTable;
import io.github.deepxray.pipeline.Pipeline;
import io.github.deepxray.pipeline.PipelineListener;
import io.github.deepxray.pipeline.PipelineStage;
import io.github.deepxray.pipeline.RunResult;
import io.github.deepxray.pipeline.RunSpec;
import io.github.deepxray.pipeline.Tracking;
import io.github.deepxray.report.internal.BundleRecords;
import io.github.deepxray.testkit.Fixtures;
import io.github.deepxray.testkit.InCi;
import io.github.deepxray.train.FineTuningSpec;
import io.github.deepxray.train.ModelMetrics;
import io.github.deepxray.train.TrainingSpec;
import io.github.deepxray.train.recipe.FineTuningRecipe;
import io.github.deepxray.train.recipe.HeadSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The pipeline as a Java program runs it, against the command line. */
class PipelineRunTest {
  private static final HeadSpec HEAD = heads().withViews(1).withEpochs(40);

  @TempDir Path folder;

  private static HeadSpec heads() {
    try {
      return HeadSpec.of("logistic");
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What {@link SmallRun#arguments} says. */
  private static RunSpec small() {
    RunSpec spec =
        RunSpec.of(DataSource.of(SmallRun.archive()), 5)
            .withBackbone(
                BackboneSpec.of(Fixtures.SMALL_EFFICIENT_NET)
                    .withWeights(SmallRun.weights().toString()));
    return spec.withData(spec.data().withValidationFraction(0.25).withRecordsPerShard(16))
        .withTraining(TrainingSpec.of(HEAD, 5));
  }

  @Test
  void aRunWritesTheBytesThatTheCommandWrites() throws IOException {
    List<String> events = new ArrayList<>();
    PipelineListener recording =
        new PipelineListener() {
          @Override
          public void onStage(PipelineStage stage) {
            events.add(stage.toString());
          }

          @Override
          public void onPrepared(PreparedDataset dataset) {
            events.add("prepared");
          }

          @Override
          public void onEvaluated(Pipeline pipeline, ModelMetrics metrics) {
            events.add("evaluated");
          }

          @Override
          public void onExported(String name, Bundle bundle, VerificationReport verification) {
            events.add("exported " + name + " " + verification.passed());
          }

          @Override
          public void onFinished() {
            events.add("finished");
          }
        };
    Path out = folder.resolve("out");
    RunResult result;
    try (Tracking tracking = Tracking.of(out, Tracking.Options.DEFAULT, small(), events::add)) {
      PipelineListener both = PipelineListener.of(List.of(tracking, recording));
      result = Pipeline.in(out).withListener(both).run(small());
    }
    assertThat(events)
        .containsExactly(
            "DATA",
            "prepared",
            "TRAIN",
            "EVALUATE",
            "evaluated",
            "GUARD",
            "EXPORT",
            "exported deepxray true",
            "finished");
    assertThat(result.verification().passed()).isTrue();
    assertThat(out.resolve("tensorboard/train")).isNotEmptyDirectory();
    assertThat(GuestTracker.told(out))
        .containsExactly(
            "run run anew true {tensorboard=true}",
            "options true",
            "train",
            "epochs",
            "evaluation",
            "measured true",
            "bundle deepxray true",
            "finished",
            "closed");
    List<String> models =
        List.of(
            Bundle.SAVED_MODEL + "/saved_model.pb",
            Bundle.TFLITE_FLOAT32,
            Bundle.TFLITE_DYNAMIC,
            Bundle.EXPLAIN,
            Bundle.METRICS,
            "dataset.json",
            "artifacts.json");
    for (String file : models) {
      assertThat(result.bundle().folder().resolve(file))
          .hasSameBinaryContentAs(SmallRun.bundle().resolve(file));
    }
    assertThat(new BundleRecords(result.bundle()).provenance().config())
        .containsEntry("training.head.name", "logistic")
        .containsEntry("training.head.epochs", "40")
        .containsEntry("data.seed", "5")
        .noneSatisfy((name, value) -> assertThat(value).contains(folder.toString()));
  }

  @Test
  void whatCannotBeDoneIsRefusedBeforeAnythingIsDone() throws IOException {
    Pipeline pipeline = Pipeline.in(folder.resolve("out"));
    RunSpec wrongBlock =
        small()
            .withFineTuning(
                FineTuningSpec.of(FineTuningRecipe.of("block6a").withFrom("block9z"), 5));
    assertThatThrownBy(() -> pipeline.run(wrongBlock))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("block9z");
    RunSpec nowhere = RunSpec.of(DataSource.of(folder.resolve("nothere.zip")), 0);
    assertThatThrownBy(() -> pipeline.run(nowhere))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("nothere.zip");
    assertThatThrownBy(() -> small().withData(small().data().withImageSize(96)))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("96");
    assertThatThrownBy(() -> small().withName("a/b")).isInstanceOf(DeepXrayException.class);
    assertThat(folder).isEmptyDirectory();
  }

  @InCi
  @Test
  void experimentsAreRunOnceAndComparedSeedBySeed() throws IOException {
    Map<String, HeadSpec> heads = Map.of("short", HEAD.withEpochs(2), "long", HEAD);
    List<ExperimentSpec> experiments =
        Stream.of("short", "long")
            .map(
                name ->
                    new ExperimentSpec(
                        name,
                        Map.of("head", name),
                        Map.of(
                            3L, small().withTraining(TrainingSpec.of(heads.get(name), 3)),
                            4L, small().withTraining(TrainingSpec.of(heads.get(name), 4)))))
            .toList();
    ExperimentPlan plan = ExperimentPlan.of(experiments, List.of(3L, 4L));
    List<String> begun = new ArrayList<>();
    ExperimentListener listener =
        new ExperimentListener() {
          @Override
          public PipelineListener onTraining(String experiment, long seed, Path place) {
            begun.add(experiment + " " + seed);
            return PipelineListener.NONE;
          }
        };
    Pipeline pipeline =
        Pipeline.in(folder.resolve("grid")).withCache(SmallRun.out().resolve("cache"));
    String first = ExperimentsTable.json(new ExperimentRunner(pipeline, listener).run(plan));
    assertThat(begun).containsExactlyInAnyOrder("short 3", "short 4", "long 3", "long 4");
    String second = ExperimentsTable.json(new ExperimentRunner(pipeline, listener).run(plan));
    assertThat(second).isEqualTo(first);
    assertThat(begun).hasSize(4);
    assertThat(first).contains("\"pairs\" : 2", "\"baseline\" : \"short\"");
    assertThat(Files.exists(pipeline.out().resolve("experiments/long/seed-4/train"))).isTrue();
  }
}
