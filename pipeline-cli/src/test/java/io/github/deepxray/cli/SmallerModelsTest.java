package io.github.deepxray.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.ArtifactReport;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.classify.Verdict;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.metrics.Comparison;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.core.network.Sparsity;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.keras.internal.KerasHdf5;
import io.github.deepxray.report.internal.BundleRecords;
import io.github.deepxray.serve.ModelServer;
import io.github.deepxray.serve.ServerOptions;
import io.github.deepxray.testkit.InCi;
import io.github.deepxray.tflite.internal.TfLiteEngine;
import io.github.deepxray.train.TrainedModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.lite.schema.Model;
import org.tensorflow.lite.schema.SubGraph;
import org.tensorflow.lite.schema.TensorType;

/** Fine-tuning, pruning and quantization from the command line. */
class SmallerModelsTest {
  private static final String HEAD =
      """
      name: hidden
      members: [{hiddenUnits: [16], dropout: 0.5, l2: 0.0001}]
      standardize: true
      balanced: true
      labelSmoothing: 0.1
      views: 1
      optimizer: {type: sgd, momentum: 0.9}
      learningRate: {type: constant, initial: 0.01}
      batchSize: 16
      epochs: 10
      patience: 0
      """;

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
            "--prune-gradually",
            0.12,
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
            "fine-tuned from top: 2 epochs", "weights pruned: 12.0 %", "int8: validation AUC");

    TrainedModel tuned = TrainedModel.load(out.resolve("finetune"));
    assertThat(tuned.description().parent())
        .contains(TrainedModel.load(out.resolve("train")).model().weights().sha256());
    assertThat(zeros(tuned.model().weights(), "top_conv/kernel")).isGreaterThan(0.5);
    assertThat(zeros(tuned.model().weights(), "block6a_expand_conv/kernel")).isZero();

    Bundle bundle = Bundle.open(out.resolve("bundle"));
    assertZerosAreStored(bundle, zeros(tuned.model().weights(), "top_conv/kernel"), "float16");
    assertThat(bundle.damage()).isEmpty();
    assertThat(bundle.artifacts())
        .extracting(ArtifactReport::artifact)
        .containsExactly("saved_model", "float32", "float16", "dynamic", "int8");
    assertThat(new BundleRecords(bundle).provenance().training().fineTuning()).isPresent();
    Path sparse = bundle.folder().resolve(Artifact.FLOAT32.path());
    Path dense = SmallRun.bundle().resolve(Artifact.FLOAT32.path());
    assertThat(Files.size(sparse)).isLessThan(Files.size(dense) - 150_000);
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

    servesInt8(bundle.folder());

    // A run without these options forgets them.
    Outcome plain = Outcome.of(SmallRun.arguments(out));
    assertThat(plain.code()).as(plain.err()).isZero();
    assertThat(out.resolve("finetune")).doesNotExist();
    assertThat(out.resolve("quantize")).doesNotExist();
    assertThat(out.resolve("tensorboard/finetune")).doesNotExist();
    assertThat(out.resolve("bundle/" + Bundle.CHECKSUMS))
        .hasSameTextualContentAs(SmallRun.bundle().resolve(Bundle.CHECKSUMS));
  }

  /** When it is asked to, and by itself if the gate has blessed it. */
  private void servesInt8(Path made) throws IOException {
    Path bundle = folder.resolve("blessed");
    try (Stream<Path> files = Files.walk(made)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        AtomicFiles.write(
            bundle.resolve(made.relativize(file).toString()), Files.readAllBytes(file));
      }
    }
    List<ArtifactReport> reports = new ArrayList<>();
    for (ArtifactReport report : Bundle.open(bundle).artifacts()) {
      Verdict verdict =
          new Verdict(
              report.verdict().splits(),
              report.artifact().equals("int8") ? List.of() : report.verdict().objections());
      reports.add(
          new ArtifactReport(
              report.artifact(),
              report.path(),
              report.form(),
              report.threshold(),
              report.size(),
              report.weights(),
              report.limits(),
              verdict));
    }
    ArtifactReport.write(bundle.resolve(ArtifactReport.FILE), Bundle.open(bundle).fit(), reports);
    AtomicFiles.write(bundle.resolve(Bundle.CHECKSUMS), Bundle.checksums(bundle));
    Path image = SmallRun.anImage();
    double expected = Served.predicted(bundle, "int8", image).get(0);
    ServerOptions options = ServerOptions.DEFAULT.withPort(0).withWorkers(1);
    for (boolean asked : new boolean[] {false, true}) {
      if (asked) {
        options = options.withEngine(Artifact.INT8);
      }
      try (ModelServer server = ModelServer.start(bundle, options, line -> {})) {
        assertThat(Served.get(server, "/api/model").path("engine").asText()).isEqualTo("int8");
        assertThat(Served.predict(server, List.of(image)).get(0)).isCloseTo(expected, within(1e-6));
      }
    }
  }

  private static final List<Integer> TOP_IN_TENSORFLOW = List.of(1, 1, 160, 640);
  private static final List<Integer> TOP_IN_TFLITE = List.of(640, 1, 1, 160);

  /** In every file at least the zeros of the trained weights; rounding to integers makes more. */
  private static void assertZerosAreStored(Bundle bundle, double zeros, String more)
      throws IOException {
    assertThat(zeros).isGreaterThan(0.4);
    assertThat(StoredKernels.zerosInSavedModel(bundle.folder(), TOP_IN_TENSORFLOW))
        .isEqualTo(zeros);
    for (Artifact artifact :
        List.of(Artifact.FLOAT32, Artifact.DYNAMIC, Artifact.INT8, Artifact.of(more))) {
      double stored =
          StoredKernels.zerosInTfLite(bundle.folder().resolve(artifact.path()), TOP_IN_TFLITE);
      assertThat(stored).as(artifact.key()).isBetween(zeros, zeros + 0.05);
      if (artifact.equals(Artifact.FLOAT32)) {
        assertThat(stored).isEqualTo(zeros);
      }
    }
  }

  /** The numbers are those that the bundles hold. */
  private static void assertComparedAsRecorded(Bundle one, Bundle other) throws IOException {
    Outcome json =
        Outcome.of("compare", one.folder(), other.folder(), "--turns", 0, "--format", "json");
    assertThat(json.code()).as(json.err()).isZero();
    JsonNode rows = Json.parse(json.out(), "compare");
    List<ArtifactReport> reports = new ArrayList<>(one.artifacts());
    reports.addAll(other.artifacts());
    assertThat(rows).hasSize(reports.size());
    for (int i = 0; i < reports.size(); i++) {
      ArtifactReport report = reports.get(i);
      Comparison test = report.verdict().splits().get("test");
      JsonNode row = rows.get(i);
      assertThat(row.path("artifact").asText()).isEqualTo(report.artifact());
      assertThat(row.path("auc")).isEqualTo(Json.parse(Json.compact(test.of(Metric.AUC)), "auc"));
      assertThat(row.path("specificity").path("value").doubleValue())
          .isEqualTo(test.of(Metric.SPECIFICITY).value());
      assertThat(row.path("weights").path("nonZero").longValue())
          .isEqualTo(report.weights().orElseThrow().nonZero());
      assertThat(row.path("size").path("zip").longValue()).isEqualTo(report.size().zip());
      assertThat(row.has("speed")).isFalse();
    }

    Outcome table =
        Outcome.of(
            "compare", one.folder(), other.folder(), "--turns", 1, "--artifacts", "int8,dynamic");
    assertThat(table.code()).as(table.err()).isZero();
    assertThat(table.out().lines()).hasSize(2 + 3);
    ArtifactReport int8 =
        one.artifacts().stream().filter(r -> r.artifact().equals("int8")).findFirst().orElseThrow();
    assertThat(table.out())
        .contains(
            "| " + one.folder() + " int8 | " + int8.verdict().splits().get("test").of(Metric.AUC))
        .contains(
            String.format(Locale.ROOT, "| %,d | %,d |", int8.size().raw(), int8.size().gzip()))
        .containsPattern("\\| [0-9.]+ \\| [0-9.]+x \\|")
        .doesNotContain("float32");

    Outcome csv =
        Outcome.of("compare", one.folder(), "--turns", 0, "--artifacts", "int8", "--format", "csv");
    assertThat(csv.out().lines()).hasSize(2);
    assertThat(csv.out()).startsWith("bundle,artifact,auc,auc_low,auc_high,brier,");
  }

  @InCi
  @Test
  void theGateDecidesOverTheExitCode() throws IOException {
    List<Object> arguments = new ArrayList<>(List.of(SmallRun.arguments(out)));
    // The dynamic file's AUC differs a little.
    arguments.addAll(List.of("--max-auc-difference", 0, "--no-explain"));
    Outcome run = Outcome.of(arguments.toArray());
    assertThat(run.code()).as(run.err()).isEqualTo(1);
    assertThat(run.out()).contains("REFUSED  dynamic, test: AUC differs by", "NOT VERIFIED");
    Bundle bundle = Bundle.open(out.resolve("bundle"));
    assertThat(bundle.damage()).isEmpty();
    assertThat(bundle.artifacts())
        .filteredOn(report -> !report.verdict().blessed())
        .extracting(ArtifactReport::artifact)
        .containsExactly("dynamic");

    Object[] export = {"export", "--max-auc-difference", 0, "--no-explain", "--out", out};
    assertThat(Outcome.of(export).code()).isEqualTo(1);
    List<Object> allowed = new ArrayList<>(List.of(export));
    allowed.add("--allow-unblessed");
    Outcome unblessed = Outcome.of(allowed.toArray());
    assertThat(unblessed.code()).as(unblessed.err()).isZero();
    assertThat(unblessed.out()).contains("REFUSED  dynamic");
  }

  @InCi
  @Test
  void aRunRemovesChannels() throws IOException {
    List<Object> arguments = new ArrayList<>(List.of(SmallRun.arguments(out)));
    arguments.addAll(
        List.of(
            "--prune-channels", 0.7, "--pruning-images", 8, "--no-explain", "--allow-unblessed"));
    Outcome run = Outcome.of(arguments.toArray());
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out()).contains("expansion channels left: {block");
    TrainedModel pruned = TrainedModel.load(out.resolve("prune"));
    assertThat(pruned.description().expansionChannels()).isNotEmpty();
    assertThat(Files.size(out.resolve("bundle").resolve(Artifact.FLOAT32.path())))
        .isLessThan(Files.size(SmallRun.bundle().resolve(Artifact.FLOAT32.path())));
  }

  /** Also if runs before were killed, and then no stage that was finished is done again. */
  @InCi
  @Test
  void theSameOptionsGiveTheSameBytes() throws Exception {
    Path pruning = folder.resolve("prune.yaml");
    Files.writeString(pruning, "sparsity: 0.5\nbase: pruned\nfrom: top\n");
    Path head = folder.resolve("head.yaml");
    Files.writeString(head, HEAD);
    List<String> checksums = new ArrayList<>();
    for (String name : List.of("first", "second")) {
      Path place = folder.resolve(name);
      copyTheFirstStages(place);
      List<Object> arguments = new ArrayList<>(List.of(SmallRun.arguments(place)));
      arguments.set(arguments.indexOf("logistic"), head);
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
              "always",
              "--no-bias-correction",
              "--no-layer-report",
              "--no-explain",
              "--allow-unblessed"));
      boolean killed = name.equals("second");
      if (killed) {
        killIn(place.resolve("quantize"), arguments);
        killIn(place.resolve("bundle"), arguments);
      }
      Outcome run = Outcome.of(arguments.toArray());
      assertThat(run.code()).as(run.err()).isZero();
      for (String stage : List.of("pruning", "fine-tuning", "quantization")) {
        assertThat(run.err().contains(stage + ": finished before"))
            .as("%s is not done again in the %s run", stage, name)
            .isEqualTo(killed);
      }
      checksums.add(Files.readString(place.resolve("bundle/" + Bundle.CHECKSUMS)));
    }
    Bundle bundle = Bundle.open(folder.resolve("first/bundle"));
    TrainedModel tuned = TrainedModel.load(folder.resolve("first/finetune"));
    assertZerosAreStored(bundle, zeros(tuned.model().weights(), "top_conv/kernel"), "int8-weights");
    assertThat(zeros(tuned.model().weights(), "hidden1/kernel")).isEqualTo(0.5);
    for (Artifact artifact :
        List.of(Artifact.FLOAT32, Artifact.of("int8-weights"), Artifact.INT8)) {
      // In 8 bits with a head that was trained anew.
      assertThat(
              StoredKernels.zerosInTfLite(
                  bundle.folder().resolve(artifact.path()), List.of(16, 640)))
          .as(artifact.key())
          .isBetween(0.5, artifact.equals(Artifact.FLOAT32) ? 0.5 : 0.55);
    }
    for (ArtifactReport report : bundle.artifacts()) {
      Sparsity.Count count = report.weights().orElseThrow();
      assertThat(count.nonZero()).isLessThan(count.weights() - 50_000);
    }
    assertComparedAsRecorded(bundle, Bundle.open(SmallRun.bundle()));
    assertThat(checksums.get(0))
        .contains("model-int8.tflite", "model-int8-weights.tflite")
        .isEqualTo(checksums.get(1));
  }

  /** Ends a run once it has begun to write a stage. */
  private void killIn(Path stage, List<Object> arguments) throws Exception {
    Path begun = stage.resolveSibling(stage.getFileName() + AtomicFiles.SUFFIX);
    Path log = folder.resolve("log");
    Process run = Outcome.fork(log, List.of("-Xmx2g"), arguments.toArray());
    while (run.isAlive() && !Files.exists(begun)) {
      Thread.sleep(20);
    }
    run.destroyForcibly().waitFor();
    assertThat(begun).as(Files.readString(log)).exists();
    assertThat(stage).doesNotExist();
  }

  @InCi
  @Test
  void theStagesOneByOne() throws IOException {
    Object[][] stages = {
      {"prune", "--channels", 0.7, "--share", 0.2, "--pruning-images", 8, "--out", out},
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
        "--integer-input",
        "uint8",
        "--integer-output",
        "int8",
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
    assertThat(new BundleRecords(new Bundle(bundle)).provenance().config())
        .containsEntry("prune.share", "0.2")
        .containsEntry("prune.channels", "0.7")
        .containsEntry("finetune.from", "top");
    // The head computes in floats; its result is an integer all the same.
    Model int8 =
        Model.getRootAsModel(
            ByteBuffer.wrap(Files.readAllBytes(bundle.resolve(Artifact.INT8.path()))));
    SubGraph graph = int8.subgraphs(0);
    assertThat(graph.tensors(graph.inputs(0)).type()).isEqualTo(TensorType.UINT8);
    assertThat(graph.tensors(graph.outputs(0)).type()).isEqualTo(TensorType.INT8);
    assertThat(bundle.resolve(Bundle.MODEL_CARD))
        .content()
        .contains("reads uint8, writes int8", "as integers where the\n  table says so");
    assertThat(Files.readAllLines(out.resolve("quantize/calibration.txt"))).hasSize(8);
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
                    "--backbone",
                    SmallRun.BACKBONE,
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
    assertThat(nothing.code()).isEqualTo(2);
    assertThat(nothing.err()).contains("--share", "--channels");

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
