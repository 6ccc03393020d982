package io.github.deepxray.track.internal.mlflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.testkit.InCi;
import io.github.deepxray.text.internal.Yaml;
import io.github.deepxray.track.Measurement;
import io.github.deepxray.track.Samples;
import io.github.deepxray.track.Tracker;
import io.github.deepxray.track.Tracker.TrackedBundle;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.SavedModel;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.proto.TensorShapeProto;

@Timeout(120)
class MlflowTrackerTest {
  private static final Clock NOON = Clock.fixed(Instant.ofEpochSecond(1000), ZoneOffset.UTC);

  @TempDir Path folder;
  private final List<String> warnings = new CopyOnWriteArrayList<>();
  private LocalMlflow local;

  @BeforeEach
  void start() throws IOException {
    local = new LocalMlflow();
  }

  @AfterEach
  void stop() {
    local.close();
  }

  private MlflowTracker tracker(Map<String, String> environment) {
    return tracker(MlflowServer.of(local.address(), environment));
  }

  private MlflowTracker tracker(MlflowServer server) {
    return new MlflowTracker(server, "lungs", "run", NOON, warnings::add);
  }

  private Path bundle() throws IOException {
    Path bundle = folder.resolve("bundle");
    Files.createDirectories(bundle.resolve(Bundle.SAVED_MODEL));
    Files.writeString(bundle.resolve(Bundle.CHECKSUMS), "abc  labels.txt\n");
    Files.writeString(bundle.resolve("labels.txt"), "NORMAL\nPNEUMONIA\n");
    Files.writeString(bundle.resolve("ein Bild & mehr.txt"), "x");
    SavedModel model =
        SavedModel.newBuilder()
            .addMetaGraphs(
                MetaGraphDef.newBuilder()
                    .setMetaInfoDef(MetaGraphDef.MetaInfoDef.newBuilder().addTags("serve"))
                    .putSignatureDef("serving_bytes", SignatureDef.getDefaultInstance())
                    .putSignatureDef(
                        "serving_default",
                        SignatureDef.newBuilder()
                            .putInputs("image", tensor(-1, 224, 224, 3))
                            .putOutputs("probability", tensor(-1, 1))
                            .build()))
            .build();
    Files.write(bundle.resolve(Bundle.SAVED_MODEL).resolve("saved_model.pb"), model.toByteArray());
    return bundle;
  }

  private static TensorInfo tensor(int... shape) {
    TensorShapeProto.Builder dimensions = TensorShapeProto.newBuilder();
    for (int size : shape) {
      dimensions.addDim(TensorShapeProto.Dim.newBuilder().setSize(size));
    }
    return TensorInfo.newBuilder().setDtype(DataType.DT_FLOAT).setTensorShape(dimensions).build();
  }

  @Test
  void aRunHasItsOptionsEpochsMetricsAndEnd() throws IOException {
    Measurement measurement = Samples.measurement(folder);
    MlflowTracker tracker = tracker(Map.of());
    Map<String, String> options =
        IntStream.range(0, 130).boxed().collect(Collectors.toMap(i -> "o" + i, i -> "v" + i));
    try (tracker) {
      tracker.onOptions(options);
      tracker.onStage(Tracker.TRAIN);
      tracker.onEpochEnd(Samples.epoch(0));
      tracker.onEpochEnd(Samples.epoch(1));
      tracker.onTrained(Samples.model());
      tracker.onStage(Tracker.EVALUATION);
      tracker.onEvaluated(measurement);
      tracker.onFinished();
    }
    assertThat(warnings).isEmpty();
    assertThat(local.experiments).containsExactly("lungs");
    assertThat(local.begun.path("run_name").asText()).isEqualTo("run");
    assertThat(local.params).isEqualTo(options);
    assertThat(local.curve("train/loss")).isEqualTo(Map.of(1L, 1.0, 2L, 0.5));
    assertThat(local.curve("train/sparsity")).isEqualTo(Map.of(1L, 0.0, 2L, 0.25));
    for (Split split : List.of(Split.VALIDATION, Split.TEST)) {
      measurement
          .numbers(split)
          .forEach((name, value) -> assertThat(local.curve(name)).isEqualTo(Map.of(0L, value)));
    }
    assertThat(local.metrics)
        .allSatisfy(metric -> assertThat(metric.path("timestamp").asLong()).isEqualTo(1_000_000));
    assertThat(local.tags)
        .containsEntry("deepxray.train.weights.sha256", Samples.model().model().weights().sha256());
    assertThat(local.ended.path("status").asText()).isEqualTo("FINISHED");
    assertThat(tracker.page())
        .contains(local.address() + "/#/experiments/7/runs/" + LocalMlflow.RUN);
  }

  @Test
  void anExperimentThatIsThereGetsAnotherRun() {
    local.experiments.add("lungs");
    tracker(Map.of()).close();
    assertThat(local.experiments).containsExactly("lungs");
    assertThat(local.begun.path("experiment_id").asText()).isEqualTo("7");
  }

  @Test
  void whatDoesNotFinishHasFailed() {
    tracker(Map.of()).close();
    assertThat(local.ended.path("status").asText()).isEqualTo("FAILED");
  }

  @Test
  void theBundleIsUploadedAndRegistered() throws IOException {
    local.models.add("deepxray");
    Path bundle = bundle();
    try (MlflowTracker tracker = tracker(Map.of())) {
      tracker.onBundle(new TrackedBundle(bundle, "deepxray", true));
      tracker.onFinished();
    }
    assertThat(warnings).isEmpty();
    String root = "7/" + LocalMlflow.RUN + "/artifacts/bundle/";
    assertThat(new TreeMap<>(local.artifacts).keySet())
        .containsExactlyInAnyOrder(
            root + "SHA256SUMS",
            root + "MLmodel",
            root + "labels.txt",
            root + "ein%20Bild%20&%20mehr.txt",
            root + "saved_model/1/saved_model.pb");
    assertThat(local.artifacts.get(root + "labels.txt"))
        .isEqualTo(Files.readAllBytes(bundle.resolve("labels.txt")));
    Path file = folder.resolve("MLmodel.yaml");
    Files.write(file, local.artifacts.get(root + "MLmodel"));
    JsonNode model = Yaml.read(file);
    JsonNode tensorflow = model.path("flavors").path("tensorflow");
    assertThat(bundle.resolve(tensorflow.path("saved_model_dir").asText())).isDirectory();
    assertThat(tensorflow.path("signature_def_key").asText()).isEqualTo("serving_default");
    assertThat(model.path("flavors").path("python_function").path("loader_module").asText())
        .isEqualTo("mlflow.tensorflow");
    JsonNode inputs = Json.parse(model.path("signature").path("inputs").asText(), "inputs");
    assertThat(inputs)
        .isEqualTo(
            Json.parse(
                "[{\"name\": \"image\", \"type\": \"tensor\", \"tensor-spec\":"
                    + " {\"dtype\": \"float32\", \"shape\": [-1, 224, 224, 3]}}]",
                "expected"));
    assertThat(model.path("run_id").asText()).isEqualTo(LocalMlflow.RUN);
    assertThat(local.tags).containsEntry("deepxray.blessed", "true").containsKey("model");
    assertThat(local.versions).hasSize(1);
    assertThat(local.versions.get(0).path("name").asText()).isEqualTo("deepxray");
    assertThat(local.versions.get(0).path("source").asText())
        .isEqualTo(local.artifactUri + "/bundle");
  }

  @Test
  void whatTheGateRefusedIsNotRegistered() throws IOException {
    try (MlflowTracker tracker = tracker(Map.of())) {
      tracker.onBundle(new TrackedBundle(bundle(), "deepxray", false));
    }
    assertThat(warnings).isEmpty();
    assertThat(local.artifacts).isNotEmpty();
    assertThat(local.tags).containsEntry("deepxray.blessed", "false");
    assertThat(local.models).isEmpty();
    assertThat(local.versions).isEmpty();
  }

  @Test
  void aServerThatHandsNoArtifactsOnIsWarnedOf() throws IOException {
    local.artifactUri = "s3://bucket/7/artifacts";
    try (MlflowTracker tracker = tracker(Map.of())) {
      tracker.onBundle(new TrackedBundle(bundle(), "deepxray", true));
    }
    assertOneWarning("s3://bucket/7/artifacts", "--serve-artifacts");
  }

  private void assertOneWarning(String... parts) {
    assertThat(warnings).hasSize(1);
    assertThat(warnings.get(0))
        .startsWith("MLflow at " + local.address() + " is left alone from now on: ")
        .contains(parts)
        .doesNotContain("\n");
  }

  private void wholeRun(MlflowServer server) throws IOException {
    try (MlflowTracker tracker = tracker(server)) {
      tracker.onOptions(Map.of("seed", "1"));
      for (int epoch = 0; epoch < 50; epoch++) {
        tracker.onEpochEnd(Samples.epoch(epoch));
      }
      tracker.onBundle(new TrackedBundle(bundle(), "deepxray", true));
      tracker.onFinished();
    }
  }

  @Test
  void aDeadServerIsWarnedOfOnce() throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    wholeRun(MlflowServer.of("http://127.0.0.1:" + port, Map.of()));
    assertThat(warnings).hasSize(1);
    assertThat(warnings.get(0)).contains("127.0.0.1:" + port, "refused").doesNotContain("\n");
  }

  @InCi
  @ParameterizedTest
  @ValueSource(
      strings = {"get-by-name", "runs/create", "log-batch", "mlflow-artifacts", "log-model"})
  void aServerThatFailsSomewhereIsWarnedOfOnce(String where) throws IOException {
    local.broken = path -> path.contains(where);
    wholeRun(MlflowServer.of(local.address(), Map.of()));
    assertOneWarning("500");
    // Left alone: the client itself tries three times.
    assertThat(local.requests.stream().filter(request -> request.contains(where)).count())
        .isLessThanOrEqualTo(3);
    assertThat(local.ended).isEmpty();
  }

  @InCi
  @ParameterizedTest
  @ValueSource(strings = {"runs/create", "log-batch", "mlflow-artifacts"})
  void aServerThatNeverAnswersIsGivenUp(String where) throws IOException {
    local.silent = path -> path.contains(where);
    long start = System.nanoTime();
    wholeRun(MlflowServer.of(local.address(), Map.of()).withPatience(Duration.ofSeconds(2)));
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(60));
    assertThat(warnings).hasSize(1);
    assertThat(warnings.get(0)).contains(local.address()).doesNotContain("\n");
  }

  @Test
  void trainingDoesNotWaitForTheServer() {
    local.silent = path -> true;
    MlflowTracker tracker =
        tracker(MlflowServer.of(local.address(), Map.of()).withPatience(Duration.ofSeconds(20)));
    long start = System.nanoTime();
    for (int epoch = 0; epoch < 1000; epoch++) {
      tracker.onEpochEnd(Samples.epoch(epoch));
    }
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
    assertThat(warnings).isEmpty();
  }

  @Test
  void nameAndPasswordLetItIn() throws IOException {
    // Base64 of "ada:s3cret".
    local.required = Optional.of("Basic YWRhOnMzY3JldA==");
    wholeRun(
        MlflowServer.of(
            local.address() + "/",
            Map.of("MLFLOW_TRACKING_USERNAME", "ada", "MLFLOW_TRACKING_PASSWORD", "s3cret")));
    assertThat(warnings).isEmpty();
    assertThat(local.artifacts).isNotEmpty();
    assertThat(local.ended.path("status").asText()).isEqualTo("FINISHED");
  }

  @Test
  void aTokenLetsItIn() throws IOException {
    local.required = Optional.of("Bearer t0ken");
    wholeRun(MlflowServer.of(local.address(), Map.of("MLFLOW_TRACKING_TOKEN", "t0ken")));
    assertThat(warnings).isEmpty();
    assertThat(local.ended.path("status").asText()).isEqualTo("FINISHED");
  }

  @Test
  void noSecretIsInTheWarningEvenIfTheServerRepeatsIt() throws IOException {
    local.required = Optional.of("Bearer other");
    MlflowServer server =
        MlflowServer.of(local.address(), Map.of("MLFLOW_TRACKING_TOKEN", "t0ken"));
    wholeRun(server);
    assertOneWarning("401", "***");
    assertThat(warnings.get(0)).doesNotContain("t0ken");
    assertThat(server).hasToString(local.address());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "mlruns",
        "file:///tmp/mlruns",
        "databricks",
        "ftp://host",
        "http://",
        "http://host/?a=b",
        "http://a b"
      })
  void whatIsNoServerIsRefused(String address) {
    assertThatThrownBy(() -> MlflowServer.of(address, Map.of()))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("http://127.0.0.1:5000")
        .hasMessageContaining("mlflow server");
  }

  @Test
  void aPasswordInTheAddressIsRefusedAndNotRepeated() {
    assertThatThrownBy(() -> MlflowServer.of("http://ada:s3cret@host:5000", Map.of()))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("MLFLOW_TRACKING_PASSWORD")
        .message()
        .doesNotContain("s3cret");
  }

  @Test
  void longValuesAreCutForTheServersLimit() {
    try (MlflowTracker tracker = tracker(Map.of())) {
      tracker.onOptions(Map.of("long", "x".repeat(9000)));
    }
    assertThat(local.params.get("long").getBytes(StandardCharsets.UTF_8)).hasSize(500);
  }
}
