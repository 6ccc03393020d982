package io.github.deepxray.track.internal.mlflow;

import io.github.deepxray.track.TrackedRun;
import io.github.deepxray.track.Tracker;
import io.github.deepxray.track.TrackerFactory;
import io.github.deepxray.track.internal.Trackers;
import java.time.Clock;
import java.util.List;
import java.util.Optional;

/** Factory of MLflow trackers; prints the URL of the run's page at the end. */
public final class MlflowFactory implements TrackerFactory {
  /** Called by the service loader. */
  public MlflowFactory() {}

  @Override
  public String name() {
    return TrackedRun.MLFLOW;
  }

  @Override
  public Optional<Tracker> open(TrackedRun run) {
    return run.setting(TrackedRun.MLFLOW)
        .map(address -> open(run, MlflowServer.of(address, System.getenv())));
  }

  private static Tracker open(TrackedRun run, MlflowServer server) {
    MlflowTracker tracker =
        new MlflowTracker(
            server,
            run.setting(TrackedRun.MLFLOW_EXPERIMENT).orElse(MlflowTracker.EXPERIMENT),
            run.name(),
            Clock.systemUTC(),
            run.notes());
    Tracker namingPage =
        new Tracker() {
          @Override
          public void close() {
            tracker.page().ifPresent(page -> run.notes().accept("MLflow: " + page));
          }
        };
    // Closed in this order: the page is known after all messages are sent.
    return new Trackers(List.of(tracker, namingPage));
  }
}
