package io.github.deepxray.track;

import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.stage.EpochResult;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Several trackers as one. */
public final class Trackers implements Tracker {
  private final List<Tracker> all;

  /** Tells each of them everything, in this order. */
  public Trackers(List<Tracker> all) {
    this.all = List.copyOf(all);
  }

  @Override
  public void onOptions(Map<String, String> options) throws IOException {
    for (Tracker tracker : all) {
      tracker.onOptions(options);
    }
  }

  @Override
  public void onStage(String stage) throws IOException {
    for (Tracker tracker : all) {
      tracker.onStage(stage);
    }
  }

  @Override
  public void onTrainingBegin(String phase, int firstEpoch, int epochs) {
    all.forEach(tracker -> tracker.onTrainingBegin(phase, firstEpoch, epochs));
  }

  @Override
  public void onEpochEnd(EpochResult result) {
    all.forEach(tracker -> tracker.onEpochEnd(result));
  }

  @Override
  public void onTrainingEnd(int bestEpoch) {
    all.forEach(tracker -> tracker.onTrainingEnd(bestEpoch));
  }

  @Override
  public void onTrained(TrainedModel model) throws IOException {
    for (Tracker tracker : all) {
      tracker.onTrained(model);
    }
  }

  @Override
  public void onEvaluated(Measurement measurement) throws IOException {
    for (Tracker tracker : all) {
      tracker.onEvaluated(measurement);
    }
  }

  @Override
  public void onBundle(Path bundle, String name, boolean blessed) throws IOException {
    for (Tracker tracker : all) {
      tracker.onBundle(bundle, name, blessed);
    }
  }

  @Override
  public void onFinished() {
    all.forEach(Tracker::onFinished);
  }

  /** Closes all, even if one of them fails. */
  @Override
  public void close() throws IOException {
    IOException failure = null;
    for (Tracker tracker : all) {
      try {
        tracker.close();
      } catch (IOException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
