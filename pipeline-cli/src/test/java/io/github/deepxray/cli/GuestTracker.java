package io.github.deepxray.cli;

import io.github.deepxray.datasets.Split;
import io.github.deepxray.track.Measurement;
import io.github.deepxray.track.TrackedRun;
import io.github.deepxray.track.Tracker;
import io.github.deepxray.track.Tracker.TrackedBundle;
import io.github.deepxray.track.TrackerFactory;
import io.github.deepxray.train.stage.EpochResult;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** A tracker of another library, which a service file names: remembers what it is told. */
public final class GuestTracker implements TrackerFactory {
  private static final Map<Path, List<String>> TOLD = new ConcurrentHashMap<>();

  /** Called by the service loader. */
  public GuestTracker() {}

  /** What was told of the runs in a folder, repeated lines once. */
  static List<String> told(Path out) {
    return TOLD.getOrDefault(out, List.of()).stream().distinct().toList();
  }

  @Override
  public String name() {
    return "guest";
  }

  @Override
  public Optional<Tracker> open(TrackedRun run) {
    List<String> told = TOLD.computeIfAbsent(run.out(), out -> new CopyOnWriteArrayList<>());
    told.add("run " + run.name() + " anew " + run.replacesEarlierRuns() + " " + run.settings());
    return Optional.of(new Recording(told));
  }

  private record Recording(List<String> told) implements Tracker {
    @Override
    public void onOptions(Map<String, String> options) {
      told.add("options " + options.containsKey("training.head.epochs"));
    }

    @Override
    public void onStage(String stage) {
      told.add(stage);
    }

    @Override
    public void onEpochEnd(EpochResult result) {
      told.add("epochs");
    }

    @Override
    public void onEvaluated(Measurement measurement) {
      told.add("measured " + measurement.numbers(Split.TEST).containsKey("test/auc"));
    }

    @Override
    public void onBundle(TrackedBundle bundle) {
      told.add("bundle " + bundle.name() + " " + bundle.blessed());
    }

    @Override
    public void onFinished() {
      told.add("finished");
    }

    @Override
    public void close() {
      told.add("closed");
    }
  }
}
