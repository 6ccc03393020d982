package io.github.deepxray.track;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Run to track.
 *
 * @param out output folder of all stages
 * @param name name of the run or of the single stage
 * @param replacesEarlierRuns whether the tracked data of earlier runs in the folder is removed
 * @param settings options of trackers by name, such as {@link #TENSORBOARD}
 * @param notes receives a line for each failure of a tracker, and hints for the user, such as a URL
 */
public record TrackedRun(
    Path out,
    String name,
    boolean replacesEarlierRuns,
    Map<String, String> settings,
    Consumer<String> notes) {
  /** Setting whether TensorBoard event files are written, {@code true} or {@code false}. */
  public static final String TENSORBOARD = "tensorboard";

  /** Setting with the URL of the MLflow server. */
  public static final String MLFLOW = "mlflow";

  /** Setting with the MLflow experiment of the run. */
  public static final String MLFLOW_EXPERIMENT = "mlflow-experiment";

  /** Copies the settings. */
  public TrackedRun {
    settings = Map.copyOf(settings);
  }

  /** Returns a setting by its name, if given. */
  public Optional<String> setting(String key) {
    return Optional.ofNullable(settings.get(key));
  }
}
