package io.github.deepxray.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.core.bundle.Artifact;
import io.github.deepxray.core.bundle.ArtifactReport;
import io.github.deepxray.core.bundle.Bundle;
import io.github.deepxray.core.io.AtomicFiles;
import io.github.deepxray.core.weights.KerasHdf5;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.export.BundleRecords;
import io.github.deepxray.tflite.TfLiteEngine;
import io.github.deepxray.train.TrainedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Fine-tuning, pruning and quantization from the command line. */
class SmallerModelsTest {
  @TempDir Path folder;
  private Path out;

  @BeforeEach
  void copyTheFirstStages() throws IOException {
    out = folder.resolve("out");
    copyTheFirstStages(out);
  }

  private static void copyTheFirstStages(Path out) throws IOException {
    for (String stage : List.of("data", "train", "cache")) {
      try (Stream<Path> files = Files.walk(SmallRun.out().resolve(stage))) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          AtomicFiles.write(
              out.resolve(SmallRun.out().relativize(file).toString()), Files.readAllBytes(file));
        }
      }
    }
  }

  private static double zeros(Weights weights, String kernel) {
    float[] values = weights.floats(kernel);
    int zeros = 0;
    for (float value : values) {
      zeros += value == 0 ? 1 : 0;
    }
    return (double) zeros / values.length;
  }

  @Test
  void aRunFineTunesPrunesAndQuantizes() throws IOException {
    List<Object> arguments = new ArrayList<>(List.of(SmallRun.arguments(out)));
    arguments.addAll(
        List.of(
            "--fine-tune",
            "top",
            "--fine-tune-epochs",
            2,
            "--fine-tune-views",
            1,
            "--prune",
            0.1,
            "--prune-gradually",
            "--quantize",
            "int8,float16",
            "--calibration-images",
            8,
            "--refit-head",
            "never",
            "--no-bias-correction",
            "--no-layer-report",
            "--sparse",
            "--allow-unblessed"));
    Outcome run = Outcome.of(arguments.toArray());
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out())
        .contains(
            "fine-tuned from top: 2 epochs", "weights pruned: 10.0 %", "int8: validation AUC");

    TrainedModel tuned = TrainedModel.load(out.resolve("finetune"));
    assertThat(tuned.description().parent())
        .contains(TrainedModel.load(out.resolve("train")).model().weights().sha256());
    assertThat(zeros(tuned.model().weights(), "top_conv/kernel")).isGreaterThan(0.5);
    assertThat(zeros(tuned.model().weights(), "block6a_expand_conv/kernel")).isZero();

    Bundle bundle = Bundle.open(out.resolve("bundle"));
    assertThat(bundle.damage()).isEmpty();
    assertThat(bundle.artifacts())
        .extracting(ArtifactReport::artifact)
        .containsExactly("saved_model", "float32", "float16", "dynamic", "int8");
    assertThat(new BundleRecords(bundle).provenance().training().fineTuning()).isPresent();
    Path sparse = bundle.folder().resolve(Artifact.FLOAT32.path());
    Path dense = SmallRun.bundle().resolve(Artifact.FLOAT32.path());
    assertThat(Files.size(sparse)).isLessThan(Files.size(dense) - 1_000_000);
    try (TfLiteEngine engine =
        TfLiteEngine.load(
            bundle.folder().resolve(Artifact.INT8.path()), TfLiteEngine.Options.DEFAULT)) {
      assertThat(engine.delegatedWhole()).isTrue();
    }
    try (TfLiteEngine engine =
        TfLiteEngine.load(bundle.folder().resolve(Bundle.EXPLAIN), TfLiteEngine.Options.DEFAULT)) {
      assertThat(engine.delegatedWhole()).isTrue();
    }
    Outcome predicted =
        Outcome.of(
            "predict",
            bundle.folder(),
            "--artifact",
            "int8",
            SmallRun.anImage(),
            "--format",
            "csv");
    assertThat(predicted.code()).as(predicted.err()).isZero();

    // A run without these options forgets them.
    Outcome plain = Outcome.of(SmallRun.arguments(out));
    assertThat(plain.code()).as(plain.err()).isZero();
    assertThat(out.resolve("finetune")).doesNotExist();
    assertThat(out.resolve("quantize")).doesNotExist();
    assertThat(out.resolve("bundle/" + Bundle.CHECKSUMS))
        .hasSameTextualContentAs(SmallRun.bundle().resolve(Bundle.CHECKSUMS));
  }

  @Test
  void theSameOptionsGiveTheSameBytes() throws IOException {
    Path pruning = folder.resolve("prune.yaml");
    Files.writeString(pruning, "sparsity: 0.5\nbase: pruned\nfrom: top\n");
    List<String> checksums = new ArrayList<>();
    for (String name : List.of("first", "second")) {
      Path place = folder.resolve(name);
      copyTheFirstStages(place);
      List<Object> arguments = new ArrayList<>(List.of(SmallRun.arguments(place)));
      arguments.addAll(
          List.of(
              "--fine-tune",
              "top",
              "--fine-tune-epochs",
              1,
              "--prune",
              pruning,
              "--pruning-images",
              8,
              "--quantize",
              "int8,int8-weights",
              "--calibration-images",
              8,
              "--refit-head",
              "never",
              "--no-bias-correction",
              "--no-layer-report",
              "--allow-unblessed"));
      Outcome run = Outcome.of(arguments.toArray());
      assertThat(run.code()).as(run.err()).isZero();
      checksums.add(Files.readString(place.resolve("bundle/" + Bundle.CHECKSUMS)));
    }
    assertThat(checksums.get(0))
        .contains("model-int8.tflite", "model-int8-weights.tflite")
        .isEqualTo(checksums.get(1));
  }

  @Test
  void theStagesOneByOne() throws IOException {
    Object[][] stages = {
      {"prune", "--channels", 0.7, "--pruning-images", 8, "--out", out},
      {"finetune", "--from", "top", "--fine-tune-epochs", 1, "--fine-tune-views", 1, "--out", out},
      {"evaluate", "--out", out},
      {
        "quantize",
        "--forms",
        "int8",
        "--calibration-images",
        8,
        "--refit-head",
        "never",
        "--keep-float",
        "block2*,block3*,block4*,block5*,block6*,block7a",
        "--out",
        out
      },
      {"export", "--allow-unblessed", "--no-explain", "--keras", "--out", out},
    };
    for (Object[] stage : stages) {
      Outcome outcome = Outcome.of(stage);
      assertThat(outcome.code()).as(stage[0] + ": " + outcome.err()).isZero();
    }
    TrainedModel tuned = TrainedModel.load(out.resolve("finetune"));
    assertThat(tuned.description().expansionChannels()).isNotEmpty();
    Path bundle = out.resolve("bundle");
    assertThat(bundle.resolve(Bundle.EXPLAIN)).doesNotExist();
    assertThat(KerasHdf5.read(bundle.resolve(Bundle.KERAS), tuned.model().network()))
        .isEqualTo(tuned.model().weights());
    assertThat(bundle.resolve("reports/layers-int8.html"))
        .content()
        .contains("block2a_expand_conv", "<svg");
    assertThat(Files.size(bundle.resolve(Artifact.FLOAT32.path())))
        .isLessThan(Files.size(SmallRun.bundle().resolve(Artifact.FLOAT32.path())));

    // Another training makes what follows stale.
    assertThat(
            Outcome.of(
                    "train",
                    "--weights",
                    SmallRun.weights(),
                    "--head",
                    "logistic",
                    "--views",
                    1,
                    "--epochs",
                    5,
                    "--out",
                    out)
                .code())
        .isZero();
    Outcome stale = Outcome.of("evaluate", "--out", out);
    assertThat(stale.code()).isEqualTo(1);
    assertThat(stale.errLines()).hasSize(1);
    assertThat(stale.err()).contains("prune", "run that command again or remove that folder");
  }

  @Test
  void whatCannotBeDoneIsSaidInOneLine() {
    Outcome block = Outcome.of("finetune", "--from", "block9z", "--out", out);
    assertThat(block.code()).isEqualTo(1);
    assertThat(block.errLines()).hasSize(1);
    assertThat(block.err()).contains("block9z", "block6a");

    Outcome nothing = Outcome.of("prune", "--out", out);
    assertThat(nothing.code()).isNotZero();
    assertThat(nothing.err()).contains("--weights", "--channels");

    Outcome form = Outcome.of("quantize", "--forms", "int4", "--out", out);
    assertThat(form.code()).isEqualTo(2);
    assertThat(form.err()).contains("int4", "int8");

    Outcome layer =
        Outcome.of("quantize", "--calibration-images", 2, "--keep-float", "nowhere", "--out", out);
    assertThat(layer.code()).isEqualTo(1);
    assertThat(layer.err()).contains("nowhere");
    assertThat(out.resolve("quantize")).doesNotExist();
  }
}
