package io.github.deepxray.cli;

import java.util.Locale;
import picocli.CommandLine;

/** The entry point. */
public final class Main {
  private Main() {}

  /** Runs the command line and exits: 0 done, 1 failed, 2 wrong usage. */
  public static void main(String[] arguments) {
    // TensorFlow Java names operations in it, and refuses the digits of some languages.
    Locale.setDefault(Locale.Category.FORMAT, Locale.ROOT);
    int code = commandLine(arguments).execute(arguments);
    // Maven runs this in its own process, which a needless exit would end before its summary.
    if (code != 0) {
      System.exit(code);
    }
  }

  /** The command line for these arguments, among which {@code --config} is looked for. */
  static CommandLine commandLine(String... arguments) {
    CommandLine commandLine = new CommandLine(new DeepXray());
    commandLine.setDefaultValueProvider(new ConfigFile.Defaults(arguments));
    commandLine.setExecutionExceptionHandler(new Failures());
    commandLine.setParameterExceptionHandler(new Failures());
    commandLine.setCaseInsensitiveEnumValuesAllowed(true);
    commandLine.setUsageHelpAutoWidth(true);
    commandLine.setAbbreviatedOptionsAllowed(false);
    // A file of arguments could hide --config from the default values, which are found first.
    commandLine.setExpandAtFiles(false);
    commandLine.setExecutionStrategy(new Failures());
    return commandLine;
  }
}
