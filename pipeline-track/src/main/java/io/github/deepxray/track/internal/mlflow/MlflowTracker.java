package io.github.deepxray.track.internal.mlflow;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.Version;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.text.internal.Yaml;
import io.github.deepxray.track.Measurement;
import io.github.deepxray.track.Tracker;
import io.github.deepxray.track.Tracker.TrackedBundle;
import io.github.deepxray.track.internal.EpochNumbers;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.stage.EpochResult;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.mlflow.api.proto.Service.CreateRun;
import org.mlflow.api.proto.Service.Experiment;
import org.mlflow.api.proto.Service.Metric;
import org.mlflow.api.proto.Service.Param;
import org.mlflow.api.proto.Service.RunInfo;
import org.mlflow.api.proto.Service.RunStatus;
import org.mlflow.api.proto.Service.RunTag;
import org.mlflow.tracking.MlflowClient;
import org.mlflow.tracking.MlflowHttpException;

/**
 * Tracker for MLflow: options as parameters, values of each epoch and the final metrics as metrics,
 * the bundle's files as artifacts in {@code bundle/}, and the bundle as a version of a registered
 * model.
 *
 * <p>Messages are sent in the background, and {@link #close} waits for the rest. If the server
 * cannot be reached, refuses a message or takes longer than {@link MlflowServer#patience} for an
 * answer, one warning is printed, and nothing more is sent. MLflow's client logs every retry to
 * {@code org.mlflow_project}, whose level the program may set.
 */
public final class MlflowTracker implements Tracker {
  /** Default name of the experiment. */
  public static final String EXPERIMENT = "deepxray";

  /** Path of the bundle in the run's artifacts. */
  public static final String BUNDLE = "bundle";

  private static final int MOST_PARAMS = 100;
  private static final int LONGEST_PARAM = 500;
  private static final int LONGEST_REASON = 300;

  private final MlflowServer server;
  private final String experiment;
  private final String runName;
  private final Clock clock;
  private final Consumer<String> warning;
  private final MlflowClient client;
  private final BackgroundSender sender;
  private String stage = TRAIN;
  private boolean finished;

  // Only accessed by the thread of the sender.
  private Optional<RunInfo> run = Optional.empty();

  private volatile Optional<String> page = Optional.empty();

  /**
   * Starts a run in the background.
   *
   * @param experiment name of the experiment, which is created if missing
   * @param runName name of the run
   * @param clock clock for the times of metrics
   * @param warning receives one line if the server fails
   */
  public MlflowTracker(
      MlflowServer server,
      String experiment,
      String runName,
      Clock clock,
      Consumer<String> warning) {
    this.server = server;
    this.experiment = experiment;
    this.runName = runName;
    this.clock = clock;
    this.warning = warning;
    this.client = new MlflowClient(server.credentials());
    this.sender = new BackgroundSender(this::failed);
    send(this::begin);
  }

  private void send(BackgroundSender.Message message) {
    sender.send(server.patience(), message);
  }

  /** Returns the URL of the run's page, after the server has created the run. */
  public Optional<String> page() {
    return page;
  }

  private void begin() {
    String id = experiment();
    RunInfo begun =
        client.createRun(
            CreateRun.newBuilder()
                .setExperimentId(id)
                .setRunName(runName)
                .setStartTime(clock.millis())
                .addTags(tag("mlflow.runName", runName))
                .addTags(tag("mlflow.source.name", "deepxray " + runName))
                .addTags(tag("mlflow.source.type", "LOCAL"))
                .addTags(tag("deepxray.version", Version.current()))
                .build());
    run = Optional.of(begun);
    page = Optional.of(server.uri() + "/#/experiments/" + id + "/runs/" + begun.getRunId());
  }

  private String experiment() {
    Optional<Experiment> known = client.getExperimentByName(experiment);
    if (known.isEmpty()) {
      return client.createExperiment(experiment);
    }
    if (known.get().getLifecycleStage().equals("deleted")) {
      throw new DeepXrayException(
          "the experiment " + experiment + " was deleted there; choose another name");
    }
    return known.get().getExperimentId();
  }

  private static RunTag tag(String key, String value) {
    return RunTag.newBuilder().setKey(key).setValue(value).build();
  }

  private String runId() {
    return run.orElseThrow().getRunId();
  }

  @Override
  public void onOptions(Map<String, String> options) {
    List<Param> params = new ArrayList<>();
    new TreeMap<>(options)
        .forEach(
            (name, value) ->
                params.add(
                    Param.newBuilder()
                        .setKey(name)
                        .setValue(value.substring(0, Math.min(LONGEST_PARAM, value.length())))
                        .build()));
    for (int i = 0; i < params.size(); i += MOST_PARAMS) {
      List<Param> some = params.subList(i, Math.min(i + MOST_PARAMS, params.size()));
      send(() -> client.logBatch(runId(), List.of(), some, List.of()));
    }
  }

  @Override
  public void onStage(String begun) {
    stage = begun;
  }

  @Override
  public void onEpochEnd(EpochResult result) {
    Map<String, Double> numbers = new LinkedHashMap<>();
    EpochNumbers.of(result).forEach((name, value) -> numbers.put(stage + "/" + name, value));
    metrics(numbers, result.epoch() + 1);
  }

  @Override
  public void onTrained(TrainedModel model) {
    String key = "deepxray." + stage + ".weights.sha256";
    String hash = model.model().weights().sha256();
    send(() -> client.setTag(runId(), key, hash));
  }

  @Override
  public void onEvaluated(Measurement measurement) {
    for (Split split : measurement.splits()) {
      metrics(measurement.numbers(split), 0);
    }
  }

  private void metrics(Map<String, Double> numbers, long step) {
    long time = clock.millis();
    List<Metric> metrics = new ArrayList<>();
    numbers.forEach(
        (name, value) ->
            metrics.add(
                Metric.newBuilder()
                    .setKey(name)
                    .setValue(value)
                    .setStep(step)
                    .setTimestamp(time)
                    .build()));
    send(() -> client.logBatch(runId(), metrics, List.of(), List.of()));
  }

  /**
   * Uploads the bundle, and registers it as the next version of a model if all artifacts passed the
   * gate.
   *
   * @throws IOException if the bundle cannot be read
   */
  @Override
  public void onBundle(TrackedBundle bundle) throws IOException {
    send(() -> client.setTag(runId(), "deepxray.blessed", Boolean.toString(bundle.blessed())));
    List<Path> files;
    try (Stream<Path> all = Files.walk(bundle.folder())) {
      files = all.filter(Files::isRegularFile).sorted().toList();
    }
    for (Path file : files) {
      String path = BUNDLE + "/" + bundle.folder().relativize(file).toString().replace('\\', '/');
      long bytes = Files.size(file);
      sender.send(
          ArtifactStore.patience(server, bytes),
          () -> store().put(path, BodyPublishers.ofFile(file), bytes));
    }
    if (!Artifact.SAVED_MODEL.isIn(new Bundle(bundle.folder()))) {
      // MLflow supports no other artifact of the bundle as a model.
      return;
    }
    send(
        () -> {
          ObjectNode model = ModelFile.of(bundle.folder(), BUNDLE, runId(), clock.instant());
          byte[] yaml = Yaml.text(model).getBytes(StandardCharsets.UTF_8);
          store().put(BUNDLE + "/" + ModelFile.NAME, BodyPublishers.ofByteArray(yaml), yaml.length);
          // Shows the model on the page of the run.
          post("runs/log-model", Map.of("run_id", runId(), "model_json", Json.compact(model)));
        });
    if (bundle.blessed()) {
      send(() -> register(bundle.name()));
    }
  }

  private ArtifactStore store() {
    return ArtifactStore.of(server, run.orElseThrow().getArtifactUri());
  }

  private void register(String name) {
    try {
      post("registered-models/create", Map.of("name", name));
    } catch (MlflowHttpException e) {
      if (!e.getBodyMessage().contains("RESOURCE_ALREADY_EXISTS")) {
        throw e;
      }
    }
    post(
        "model-versions/create",
        Map.of(
            "name",
            name,
            "source",
            run.orElseThrow().getArtifactUri() + "/" + BUNDLE,
            "run_id",
            runId()));
  }

  private void post(String path, Map<String, String> fields) {
    client.sendPost(path, Json.compact(fields));
  }

  @Override
  public void onFinished() {
    finished = true;
  }

  private void failed(Exception failure) {
    warning.accept(
        server.withoutSecrets(
            "MLflow at %s is left alone from now on: %s. Everything else goes on."
                .formatted(server, reason(failure))));
  }

  private static String reason(Exception failure) {
    String reason;
    if (failure instanceof MlflowHttpException answer) {
      reason = "it answered " + answer.getStatusCode() + " " + answer.getBodyMessage();
    } else {
      Throwable cause = failure;
      while (cause.getCause() != null) {
        cause = cause.getCause();
      }
      String message = cause.getMessage();
      reason = message == null ? cause.getClass().getSimpleName() : message;
    }
    String line = reason.replaceAll("\\s+", " ").trim();
    return line.length() > LONGEST_REASON ? line.substring(0, LONGEST_REASON) + "..." : line;
  }

  /** Sends the remaining messages and the status of the run, and waits for them. */
  @Override
  public void close() {
    RunStatus status = finished ? RunStatus.FINISHED : RunStatus.FAILED;
    send(() -> client.setTerminated(runId(), status, clock.millis()));
    // Closing a client during a hanging request would hang, too.
    if (sender.close()) {
      client.close();
    }
  }
}
