package io.github.deepxray.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.track.TrackedRun;
import io.github.deepxray.track.Tracker;
import io.github.deepxray.track.TrackerFactory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FailingTrackerTest {
  /** Turns on the trackers of this test, which a service file names. */
  private static final String GUESTS = "trackers-of-this-test";

  private static final List<String> TOLD = new ArrayList<>();

  @TempDir private Path folder;

  /** Opens a tracker that cannot be closed properly. */
  public static final class Opening implements TrackerFactory {
    @Override
    public String name() {
      return "opening";
    }

    @Override
    public Optional<Tracker> open(TrackedRun run) {
      if (run.setting(GUESTS).isEmpty()) {
        return Optional.empty();
      }
      TOLD.add("opened");
      return Optional.of(
          new Tracker() {
            @Override
            public void close() throws IOException {
              TOLD.add("closed");
              throw new IOException("not flushed");
            }
          });
    }
  }

  /** Opens none, but fails. */
  public static final class Failing implements TrackerFactory {
    @Override
    public String name() {
      return "failing";
    }

    @Override
    public Optional<Tracker> open(TrackedRun run) throws IOException {
      if (run.setting(GUESTS).isPresent()) {
        throw new IOException("no room");
      }
      return Optional.empty();
    }
  }

  @Test
  void closesTheTrackersThatAreOpenWhenOneFailsToOpen() throws IOException {
    Tracking.Options options = new Tracking.Options(Map.of(GUESTS, "true"));
    RunSpec spec = RunSpec.of(DataSource.of(folder), 0);
    try (Tracking tracking = Tracking.of(folder, options, spec, note -> {})) {
      tracking.onStage(PipelineStage.DATA);
      assertThat(TOLD).isEmpty();
      assertThatThrownBy(() -> tracking.onStage(PipelineStage.TRAIN))
          .isInstanceOf(IOException.class)
          .hasMessage("no room")
          .satisfies(
              e ->
                  assertThat(e.getSuppressed())
                      .singleElement()
                      .hasToString("java.io.IOException: not flushed"));
    }
    assertThat(TOLD).containsExactly("opened", "closed");
  }
}
