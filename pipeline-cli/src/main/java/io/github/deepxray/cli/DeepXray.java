package io.github.deepxray.cli;

import io.github.deepxray.core.internal.Version;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The command {@code deepxray}. */
@Command(
    name = "deepxray",
    description = {
      "Trains, evaluates and deploys a chest X-ray classifier on the JVM, from raw "
          + "images to a server.",
      "",
      "run executes all stages: audit, split, TFRecords, embeddings, head, "
          + "evaluation, export, verification. Each stage is also a command, which reads "
          + "the files of the previous stages in the folder given with --out.",
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
      AuditCommand.class,
      TrainCommand.class,
      PruneCommand.class,
      FineTuneCommand.class,
      EvaluateCommand.class,
      QuantizeCommand.class,
      ExportCommand.class,
      ReportCommand.class,
      VerifyCommand.class,
      AdaptCommand.class,
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

  /** Provider of the library's version. */
  static final class VersionProvider implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"deepxray " + Version.current()};
    }
  }
}
