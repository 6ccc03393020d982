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
          "Keep options, metrics and, where there is one, the bundle in this MLflow tracking"
              + " server, such as http://127.0.0.1:5000. MLFLOW_TRACKING_USERNAME and"
              + " MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, let it in. A server that"
              + " fails is warned of once and stops nothing. Default: none.")
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

  /** A command as the origin of what is tracked. */
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
