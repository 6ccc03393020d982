package io.github.deepxray.cli;

import io.github.deepxray.pipeline.Tracking;
import io.github.deepxray.track.internal.mlflow.MlflowTracker;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** Options of experiment tracking. */
final class TrackingOptions {
  @Option(
      names = "--tensorboard",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description =
          "Write TensorBoard event files into <out>/tensorboard. Default: " + "${DEFAULT-VALUE}.")
  private boolean tensorBoard;

  @Option(
      names = "--mlflow",
      paramLabel = "<uri>",
      description =
          "Send options, metrics and the bundle, if any, to this MLflow tracking server, "
              + "such as http://127.0.0.1:5000. Credentials are read from "
              + "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or "
              + "MLFLOW_TRACKING_TOKEN. A failure of the server causes one warning and does "
              + "not stop the run. Default: none.")
  private Optional<String> mlflow;

  @Option(
      names = "--mlflow-experiment",
      defaultValue = MlflowTracker.EXPERIMENT,
      paramLabel = "<name>",
      description = "MLflow experiment of the run. Default: ${DEFAULT-VALUE}.")
  private String experiment;

  /**
   * Returns the trackers of a command.
   *
   * @throws picocli.CommandLine.ParameterException if an option is impossible
   * @throws IOException never, as nothing is read
   */
  Tracking tracking(CommonOptions common, Path out) throws IOException {
    Tracking.Options options = Usage.check(common, this::options);
    PrintWriter err = common.command().commandLine().getErr();
    return new Tracking(
        out,
        options,
        new CommandRun(common.command(), out),
        line -> {
          err.println("deepxray: " + line);
          err.flush();
        });
  }

  private Tracking.Options options() {
    Tracking.Options options = Tracking.Options.DEFAULT.withMlflowExperiment(experiment);
    Tracking.Options written = tensorBoard ? options : options.withoutTensorBoard();
    return mlflow.map(written::withMlflow).orElse(written);
  }

  /** Run of a command. */
  private record CommandRun(CommandSpec command, Path out) implements Tracking.Run {
    @Override
    public String name() {
      return command.name();
    }

    @Override
    public boolean replacesEarlierRuns() {
      return name().equals(Configurations.RUN);
    }

    @Override
    public Map<String, String> options() throws IOException {
      Map<String, String> own = ConfigFile.effective(command);
      return replacesEarlierRuns()
          ? Configurations.withoutPlaces(own)
          : Configurations.withEarlierStages(out, name(), own);
    }
  }
}
