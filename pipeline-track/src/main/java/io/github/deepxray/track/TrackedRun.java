package io.github.deepxray.track;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Run that a {@link TrackerFactory} is asked to track.
 *
 * @param out the folder of all stages
 * @param name the name of the run or of the single stage
 * @param replacesEarlierRuns whether what an earlier run left in the folder is to be removed
 * @param settings the options of trackers by name, such as {@link #TENSORBOARD}
 * @param notes gets a line where a tracker fails, or what the user should know, such as an address
 */
public record TrackedRun(
    Path out,
    String name,
    boolean replacesEarlierRuns,
    Map<String, String> settings,
    Consumer<String> notes) {
  /** Whether event files for TensorBoard are written, {@code true} or {@code false}. */
  public static final String TENSORBOARD = "tensorboard";

  /** The address of the MLflow server. */
  public static final String MLFLOW = "mlflow";

  /** The MLflow experiment to add the run to. */
  public static final String MLFLOW_EXPERIMENT = "mlflow-experiment";

  /** Copies the settings. */
  public TrackedRun {
    settings = Map.copyOf(settings);
  }

  /** A setting by its name. */
  public Optional<String> setting(String key) {
    return Optional.ofNullable(settings.get(key));
  }
}
