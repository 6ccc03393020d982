package io.github.deepxray.cli;

import io.github.deepxray.core.internal.Version;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The command without a subcommand. */
@Command(
    name = "deepxray",
    description = {
      "Takes a chest X-ray classifier from raw images to deployment on the JVM.",
      "",
      "run does everything: audit, split, TFRecords, embeddings, head, evaluation, export,"
          + " verification. The other commands are its stages; each picks up the files that the one"
          + " before left in the folder given with --out.",
      ""
    },
    footer = {
      "",
      "Exit codes: 0 done, 1 failed, 2 wrong usage.",
      "Not a medical device: for research and engineering only."
    },
    mixinStandardHelpOptions = true,
    versionProvider = DeepXray.VersionProvider.class,
    subcommands = {
      DemoCommand.class,
      RunCommand.class,
      DataCommand.class,
      TrainCommand.class,
      PruneCommand.class,
      FineTuneCommand.class,
      EvaluateCommand.class,
      QuantizeCommand.class,
      ExportCommand.class,
      ReportCommand.class,
      VerifyCommand.class,
      PredictCommand.class,
      ExplainCommand.class,
      ServeCommand.class,
      RepeatCommand.class,
      CompareCommand.class,
      BenchmarkCommand.class,
      BenchmarkServeCommand.class,
      CommandLine.HelpCommand.class
    })
final class DeepXray implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    spec.commandLine().usage(spec.commandLine().getErr());
    return CommandLine.ExitCode.USAGE;
  }

  /** The library's version. */
  static final class VersionProvider implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"deepxray " + Version.current()};
    }
  }
}
