package io.github.deepxray.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Option {@code --threads}. */
final class ThreadsOption {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  private int threads;

  @Option(
      names = "--threads",
      defaultValue = "0",
      paramLabel = "<n>",
      description = "Number of processor cores to use; 0 for all. Default: ${DEFAULT-VALUE}.")
  void threads(int number) {
    if (number < 0) {
      throw new ParameterException(
          command.commandLine(), "--threads must be 0 or more, not " + number + ".");
    }
    threads = number;
  }

  int cores() {
    return threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
  }
}
