package io.github.deepxray.cli;

import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.export.Pipeline;
import io.github.deepxray.track.Measurement;
import io.github.deepxray.track.Tracker;
import io.github.deepxray.track.Trackers;
import io.github.deepxray.track.mlflow.MlflowServer;
import io.github.deepxray.track.mlflow.MlflowTracker;
import io.github.deepxray.track.tensorboard.TensorBoard;
import io.github.deepxray.train.ModelMetrics;
import io.github.deepxray.train.Predictions;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.embedding.EmbeddingExtractor;
import io.github.deepxray.train.embedding.Embeddings;
import io.github.deepxray.train.stage.EpochResult;
import io.github.deepxray.train.stage.TrainingListener;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Clock;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Tells the trackers what a command does. Nothing is written and no server is asked before the
 * first stage begins, so that a command that is refused leaves no trace.
 */
final class Tracking implements TrainingListener, AutoCloseable {
  private final CommonOptions common;
  private final StageOptions stage;
  private final boolean tensorBoard;
  private final Optional<MlflowServer> server;
  private final String experiment;
  private Optional<Tracker> tracker = Optional.empty();
  private Optional<MlflowTracker> mlflow = Optional.empty();
  private boolean heard;

  /** Where the epochs of a finished stage are. */
  @FunctionalInterface
  interface Epochs {
    List<EpochResult> read() throws IOException;
  }

  Tracking(
      CommonOptions common,
      StageOptions stage,
      boolean tensorBoard,
      Optional<MlflowServer> server,
      String experiment) {
    this.common = common;
    this.stage = stage;
    this.tensorBoard = tensorBoard;
    this.server = server;
    this.experiment = experiment;
  }

  /**
   * A stage begins.
   *
   * @param name see {@link Tracker}
   */
  void begin(String name) throws IOException {
    if (tracker.isEmpty()) {
      tracker = Optional.of(open());
      tracker.get().onOptions(options());
    }
    tracker.get().onStage(name);
    heard = false;
  }

  private Tracker open() throws IOException {
    List<Tracker> all = new ArrayList<>();
    if (tensorBoard) {
      TensorBoard files =
          new TensorBoard(stage.out().resolve(TensorBoard.FOLDER), Clock.systemUTC());
      if (isRun()) {
        files.forget();
      }
      all.add(files);
    }
    if (server.isPresent()) {
      PrintWriter err = common.command().commandLine().getErr();
      MlflowTracker connected =
          new MlflowTracker(
              server.get(),
              experiment,
              common.command().name(),
              Clock.systemUTC(),
              line -> {
                err.println("deepxray: " + line);
                err.flush();
              });
      mlflow = Optional.of(connected);
      all.add(connected);
    }
    return new Trackers(all);
  }

  private boolean isRun() {
    return common.command().name().equals(Configurations.RUN);
  }

  private Map<String, String> options() throws IOException {
    Map<String, String> own = ConfigFile.effective(common.command());
    return isRun()
        ? Configurations.withoutPlaces(own)
        : Configurations.withEarlierStages(stage.out(), common.command().name(), own);
  }

  @Override
  public void onTrainingBegin(String phase, int firstEpoch, int epochs) {
    tracker.ifPresent(t -> t.onTrainingBegin(phase, firstEpoch, epochs));
  }

  @Override
  public void onEpochEnd(EpochResult result) {
    heard = true;
    tracker.ifPresent(t -> t.onEpochEnd(result));
  }

  @Override
  public void onTrainingEnd(int bestEpoch) {
    tracker.ifPresent(t -> t.onTrainingEnd(bestEpoch));
  }

  /**
   * The stage left this classifier.
   *
   * @param epochs those it was trained for: a stage that was finished before tells nobody of them
   */
  void trained(TrainedModel model, Epochs epochs) throws IOException {
    if (tracker.isPresent()) {
      if (!heard) {
        epochs.read().forEach(tracker.get()::onEpochEnd);
      }
      tracker.get().onTrained(model);
    }
  }

  /** The pipeline evaluated; embeddings come from the cache, where evaluation left them. */
  void evaluated(Pipeline pipeline, ModelMetrics metrics) throws IOException {
    if (tracker.isEmpty()) {
      return;
    }
    PreparedDataset dataset = PreparedDataset.open(pipeline.dataFolder());
    EmbeddingExtractor extractor =
        new EmbeddingExtractor(
            pipeline.model().backbone(), pipeline.context().withProgress(Progress.NONE));
    Map<Split, Predictions> predictions = new EnumMap<>(Split.class);
    Map<Split, Embeddings> embeddings = new EnumMap<>(Split.class);
    for (Split split : List.of(Split.VALIDATION, Split.TEST)) {
      predictions.put(
          split,
          Predictions.read(
              pipeline.evaluationFolder().resolve(Predictions.fileName(split.key())), metrics));
      embeddings.put(split, extractor.extract(dataset, split, 1).embeddings());
    }
    tracker.get().onEvaluated(new Measurement(dataset, metrics, predictions, embeddings));
  }

  /** There is a bundle. */
  void exported(Bundle bundle, String name, boolean blessed) throws IOException {
    if (tracker.isPresent()) {
      tracker.get().onBundle(bundle.folder(), name, blessed);
    }
  }

  /** All went well. */
  void finished() {
    tracker.ifPresent(Tracker::onFinished);
  }

  @Override
  public void close() throws IOException {
    if (tracker.isPresent()) {
      tracker.get().close();
      mlflow.flatMap(MlflowTracker::page).ifPresent(page -> common.print("MLflow: " + page + "\n"));
    }
  }
}
