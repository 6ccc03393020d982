package io.github.deepxray.cli;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.track.mlflow.MlflowServer;
import io.github.deepxray.track.mlflow.MlflowTracker;
import java.io.IOException;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Options of what keeps a run where people look at experiments. */
final class TrackingOptions {
  @Option(
      names = "--tensorboard",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description =
          "Write event files for TensorBoard into <out>/tensorboard; --no-tensorboard writes none."
              + " Default: ${DEFAULT-VALUE}.")
  private boolean tensorBoard;

  @Option(
      names = "--mlflow",
      paramLabel = "<uri>",
      description =
          "Keep options, metrics and, where there is one, the bundle in this MLflow tracking server,"
              + " such as http://127.0.0.1:5000. MLFLOW_TRACKING_USERNAME and"
              + " MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, let it in. A server that fails"
              + " is warned of once and stops nothing. Default: none.")
  private Optional<String> mlflow;

  @Option(
      names = "--mlflow-experiment",
      defaultValue = MlflowTracker.EXPERIMENT,
      paramLabel = "<name>",
      description = "The MLflow experiment to add a run to. Default: ${DEFAULT-VALUE}.")
  private String experiment;

  /**
   * What tracks a command.
   *
   * @throws picocli.CommandLine.ParameterException if an option is refused
   * @throws IOException never, as nothing is read
   */
  Tracking tracking(CommonOptions common, StageOptions stage) throws IOException {
    Optional<MlflowServer> server =
        mlflow.isPresent()
            ? Optional.of(Usage.check(common, () -> MlflowServer.of(mlflow.get(), System.getenv())))
            : Optional.empty();
    Usage.check(common, this::requireName);
    return new Tracking(common, stage, tensorBoard, server, experiment);
  }

  private String requireName() {
    if (experiment.isBlank()) {
      throw new DeepXrayException("The MLflow experiment needs a name.");
    }
    return experiment;
  }
}
