package io.github.deepxray.track.internal;

import io.github.deepxray.track.Measurement;
import io.github.deepxray.track.Tracker;
import io.github.deepxray.track.Tracker.TrackedBundle;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.internal.stage.Listeners;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** Tracker that notifies several trackers. */
public final class Trackers extends Listeners<Tracker> implements Tracker {
  /** Creates a tracker that notifies others in order. */
  public Trackers(List<Tracker> all) {
    super(all);
  }

  @Override
  public void onOptions(Map<String, String> options) throws IOException {
    each(tracker -> tracker.onOptions(options));
  }

  @Override
  public void onStage(String stage) throws IOException {
    each(tracker -> tracker.onStage(stage));
  }

  @Override
  public void onTrained(TrainedModel model) throws IOException {
    each(tracker -> tracker.onTrained(model));
  }

  @Override
  public void onEvaluated(Measurement measurement) throws IOException {
    each(tracker -> tracker.onEvaluated(measurement));
  }

  @Override
  public void onBundle(TrackedBundle bundle) throws IOException {
    each(tracker -> tracker.onBundle(bundle));
  }

  @Override
  public void onFinished() {
    all().forEach(Tracker::onFinished);
  }
}
