package io.github.deepxray.track;

import java.io.IOException;
import java.util.Optional;

/**
 * Opens a tracker for each run. A library offers one as a {@link java.util.ServiceLoader service}:
 * the pipeline asks all that are on the class path, without any option.
 */
public interface TrackerFactory {
  /** A short name such as {@code mlflow}. */
  String name();

  /**
   * Opens the tracker of a run.
   *
   * @return empty if this run is not tracked
   * @throws IOException if the tracker's files cannot be written
   */
  Optional<Tracker> open(TrackedRun run) throws IOException;
}
