package io.github.deepxray.track;

import java.io.IOException;
import java.util.Optional;

/**
 * Factory of trackers, one for each run. Libraries provide it as a {@link java.util.ServiceLoader
 * service}; the pipeline uses all factories on the class path, without any option.
 */
public interface TrackerFactory {
  /** Short name such as {@code mlflow}. */
  String name();

  /**
   * Opens the tracker of a run.
   *
   * @return the tracker, empty if this run is not tracked
   * @throws IOException if the tracker's files cannot be written
   */
  Optional<Tracker> open(TrackedRun run) throws IOException;
}
