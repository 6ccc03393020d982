package io.github.deepxray.pipeline;

import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.services.Services;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.export.VerificationReport;
import io.github.deepxray.track.Measurement;
import io.github.deepxray.track.TrackedRun;
import io.github.deepxray.track.Tracker;
import io.github.deepxray.track.Tracker.TrackedBundle;
import io.github.deepxray.track.TrackerFactory;
import io.github.deepxray.track.internal.Trackers;
import io.github.deepxray.track.internal.mlflow.MlflowServer;
import io.github.deepxray.train.FineTuningResult;
import io.github.deepxray.train.ModelMetrics;
import io.github.deepxray.train.Predictions;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.TrainingResult;
import io.github.deepxray.train.features.Embeddings;
import io.github.deepxray.train.internal.embedding.EmbeddingExtractor;
import io.github.deepxray.train.internal.embedding.View;
import io.github.deepxray.train.internal.stage.HistoryFile;
import io.github.deepxray.train.stage.EpochResult;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Listener that sends the epochs and results of a pipeline to trackers: TensorBoard event files,
 * MLflow, and those that other libraries provide as a {@link TrackerFactory}. Trackers are opened
 * when the first training or evaluation stage begins, so that a run with wrong options creates no
 * files and no MLflow run.
 */
public final class Tracking implements PipelineListener {
  private static final Set<PipelineStage> TRACKED =
      Set.of(
          PipelineStage.TRAIN,
          PipelineStage.PRUNE,
          PipelineStage.FINE_TUNE,
          PipelineStage.EVALUATE);

  private final Path out;
  private final Options options;
  private final Run run;
  private final Consumer<String> notes;
  private Optional<Tracker> tracker = Optional.empty();
  private boolean epochsNotified;

  /**
   * Options of the trackers of a run.
   *
   * @param settings settings by name, passed to each {@link TrackerFactory}
   */
  public record Options(Map<String, String> settings) {
    /** Default options: TensorBoard event files, no MLflow. */
    public static final Options DEFAULT = new Options(Map.of(TrackedRun.TENSORBOARD, "true"));

    /** Copies the settings. */
    public Options {
      settings = Map.copyOf(settings);
    }

    /** Returns a copy with another setting, for trackers of other libraries. */
    public Options with(String name, String value) {
      Map<String, String> changed = new HashMap<>(settings);
      changed.put(name, value);
      return new Options(changed);
    }

    /** Returns a copy without TensorBoard event files. */
    public Options withoutTensorBoard() {
      return with(TrackedRun.TENSORBOARD, "false");
    }

    /**
     * Returns a copy with an MLflow server. Credentials are read from MLflow's environment
     * variables.
     *
     * @param address URL such as {@code http://127.0.0.1:5000}
     * @throws DeepXrayException if the address is not an HTTP URL
     */
    public Options withMlflow(String address) {
      MlflowServer.of(address, System.getenv());
      return with(TrackedRun.MLFLOW, address);
    }

    /**
     * Returns a copy with another MLflow experiment for the run.
     *
     * @throws DeepXrayException if the name is blank
     */
    public Options withMlflowExperiment(String name) {
      if (name.isBlank()) {
        throw new DeepXrayException("The MLflow experiment needs a name.");
      }
      return with(TrackedRun.MLFLOW_EXPERIMENT, name);
    }
  }

  /** Run to track. */
  public interface Run {
    /** Name of the run. */
    String name();

    /** Whether the tracked data of earlier runs in the folder is removed first. */
    boolean replacesEarlierRuns();

    /**
     * Options of the run, by name.
     *
     * @throws IOException if those of earlier stages cannot be read
     */
    Map<String, String> options() throws IOException;
  }

  /**
   * Creates a listener for a run; trackers are opened later.
   *
   * @param out output folder of all stages
   * @param options options of the trackers
   * @param run the run to track
   * @param notes receives one line for each failure of a tracker, and the URL of the run's MLflow
   *     page
   */
  public Tracking(Path out, Options options, Run run, Consumer<String> notes) {
    this.out = out;
    this.options = options;
    this.run = run;
    this.notes = notes;
  }

  /**
   * Returns a listener for a run of all stages.
   *
   * @param out output folder of all stages
   * @param options options of the trackers
   * @param spec specification of the run
   * @param notes as of the constructor
   */
  public static Tracking of(Path out, Options options, RunSpec spec, Consumer<String> notes) {
    return new Tracking(
        out,
        options,
        new Run() {
          @Override
          public String name() {
            return "run";
          }

          @Override
          public boolean replacesEarlierRuns() {
            return true;
          }

          @Override
          public Map<String, String> options() {
            return spec.options();
          }
        },
        notes);
  }

  @Override
  public void onStage(PipelineStage stage) throws IOException {
    if (!TRACKED.contains(stage)) {
      return;
    }
    if (tracker.isEmpty()) {
      tracker = Optional.of(open());
      tracker.get().onOptions(run.options());
    }
    tracker.get().onStage(stage.tracked());
    epochsNotified = false;
  }

  private Tracker open() throws IOException {
    TrackedRun tracked =
        new TrackedRun(out, run.name(), run.replacesEarlierRuns(), options.settings(), notes);
    List<Tracker> all = new ArrayList<>();
    try {
      for (TrackerFactory factory : Services.all(TrackerFactory.class)) {
        factory.open(tracked).ifPresent(all::add);
      }
    } catch (IOException | RuntimeException e) {
      try {
        new Trackers(all).close();
      } catch (IOException | RuntimeException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
    return new Trackers(all);
  }

  @Override
  public void onTrainingBegin(String phase, int firstEpoch, int epochs) {
    tracker.ifPresent(t -> t.onTrainingBegin(phase, firstEpoch, epochs));
  }

  @Override
  public void onEpochEnd(EpochResult result) {
    epochsNotified = true;
    tracker.ifPresent(t -> t.onEpochEnd(result));
  }

  @Override
  public void onTrainingEnd(int bestEpoch) {
    tracker.ifPresent(t -> t.onTrainingEnd(bestEpoch));
  }

  @Override
  public void onTrained(Pipeline pipeline, TrainingResult result) throws IOException {
    if (tracker.isPresent()) {
      tracker.get().onTrained(result.model());
    }
  }

  @Override
  public void onPruned(Pipeline pipeline, TrainingResult result) throws IOException {
    if (tracker.isPresent() && !epochsNotified) {
      trained(
          result.model(),
          HistoryFile.read(pipeline.folder(PipelineStage.PRUNE).resolve(HistoryFile.NAME)));
    } else {
      onTrained(pipeline, result);
    }
  }

  @Override
  public void onFineTuned(Pipeline pipeline, FineTuningResult result) throws IOException {
    trained(result.model(), epochsNotified ? List.of() : result.epochs());
  }

  /** Sends the epochs of a stage that was finished in an earlier run. */
  private void trained(TrainedModel model, List<EpochResult> epochs) throws IOException {
    if (tracker.isPresent()) {
      epochs.forEach(tracker.get()::onEpochEnd);
      tracker.get().onTrained(model);
    }
  }

  /** The evaluation stage has written the embeddings to the cache. */
  @Override
  public void onEvaluated(Pipeline pipeline, ModelMetrics metrics) throws IOException {
    if (tracker.isEmpty()) {
      return;
    }
    PreparedDataset dataset = pipeline.dataset();
    EmbeddingExtractor extractor =
        new EmbeddingExtractor(
            pipeline.model().backbone(), pipeline.context().withProgress(Progress.NONE));
    Map<Split, Predictions> predictions = new EnumMap<>(Split.class);
    Map<Split, Embeddings> embeddings = new EnumMap<>(Split.class);
    for (Split split : List.of(Split.VALIDATION, Split.TEST)) {
      predictions.put(
          split,
          Predictions.read(
              pipeline.folder(PipelineStage.EVALUATE).resolve(Predictions.fileName(split.key())),
              metrics));
      embeddings.put(split, extractor.extract(dataset, split, List.of(View.IDENTITY)).embeddings());
    }
    tracker.get().onEvaluated(new Measurement(dataset, metrics, predictions, embeddings));
  }

  @Override
  public void onExported(String name, Bundle bundle, VerificationReport verification)
      throws IOException {
    if (tracker.isPresent()) {
      tracker.get().onBundle(new TrackedBundle(bundle.folder(), name, verification.passed()));
    }
  }

  @Override
  public void onFinished() {
    tracker.ifPresent(Tracker::onFinished);
  }

  @Override
  public void close() throws IOException {
    if (tracker.isPresent()) {
      tracker.get().close();
    }
  }
}
