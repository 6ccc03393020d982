package io.github.deepxray.cli;

import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Options of all commands. */
final class CommonOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = ConfigFile.OPTION,
      paramLabel = "<file>",
      description =
          "A .yaml or .json file with options as 'name: value', with the names below "
              + "without dashes. Options on the command line override it. One file may be used "
              + "for all commands.")
  Path config;

  @Option(
      names = "--verbose",
      description = "Show the stack trace of a failure, and what TensorFlow logs.")
  boolean verbose;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help.")
  boolean help;

  CommandSpec command() {
    return command;
  }

  Console console() {
    return new Console(command.commandLine().getErr());
  }

  void print(String text) {
    command.commandLine().getOut().print(text);
    command.commandLine().getOut().flush();
  }
}
