package io.github.deepxray.track.internal.tensorboard;

import io.github.deepxray.track.TrackedRun;
import io.github.deepxray.track.Tracker;
import io.github.deepxray.track.TrackerFactory;
import java.io.IOException;
import java.time.Clock;
import java.util.Optional;

/** Factory of trackers that write event files into {@code <out>/tensorboard}. */
public final class TensorBoardFactory implements TrackerFactory {
  /** Called by the service loader. */
  public TensorBoardFactory() {}

  @Override
  public String name() {
    return TrackedRun.TENSORBOARD;
  }

  @Override
  public Optional<Tracker> open(TrackedRun run) throws IOException {
    if (!run.setting(TrackedRun.TENSORBOARD).map(Boolean::valueOf).orElse(false)) {
      return Optional.empty();
    }
    TensorBoard files = new TensorBoard(run.out().resolve(TensorBoard.FOLDER), Clock.systemUTC());
    if (run.replacesEarlierRuns()) {
      files.deleteFiles();
    }
    return Optional.of(files);
  }
}
