package io.github.deepxray.server;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.Version;
import io.github.deepxray.serve.ServerOptions;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Program of the small distribution: the server on TensorFlow Lite. */
@Command(
    name = "deepxray-serve",
    description = {
      "Serves a bundle over HTTP: a web page, and TensorFlow Serving's REST interface.",
      ""
    },
    footer = {
      "",
      "Example: deepxray-serve work/bundle",
      "Exit codes: 0 done, 1 failed, 2 wrong usage.",
      "Not a medical device: for research and engineering only."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Main.VersionProvider.class,
    sortOptions = false)
public final class Main implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private ServeArguments arguments;

  @Option(names = "--verbose", description = "Show the stack trace of a failure.")
  private boolean verbose;

  private Main() {}

  /** Runs the program and exits: 0 done, 1 failed, 2 wrong usage. */
  public static void main(String[] arguments) {
    System.exit(commandLine().execute(arguments));
  }

  /** Returns the command line. */
  static CommandLine commandLine() {
    Main main = new Main();
    CommandLine commandLine = new CommandLine(main);
    commandLine.setUsageHelpAutoWidth(true);
    commandLine.setAbbreviatedOptionsAllowed(false);
    commandLine.setExpandAtFiles(false);
    commandLine.setExecutionExceptionHandler(
        (e, command, result) -> {
          command.getErr().println("deepxray-serve: " + line(e));
          if (main.verbose) {
            e.printStackTrace(command.getErr());
          }
          return CommandLine.ExitCode.SOFTWARE;
        });
    return commandLine;
  }

  @Override
  public Integer call() throws Exception {
    CommandLine commandLine = spec.commandLine();
    ServerOptions options = options();
    arguments.serve(options, commandLine.getOut(), commandLine.getErr());
    return CommandLine.ExitCode.OK;
  }

  private ServerOptions options() throws IOException {
    try {
      return arguments.options();
    } catch (DeepXrayException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private static String line(Exception e) {
    if (e instanceof NoSuchFileException missing) {
      return "there is no file " + missing.getFile() + ".";
    }
    boolean expected = e instanceof DeepXrayException || e instanceof IOException;
    return expected && e.getMessage() != null
        ? e.getMessage().replaceAll("\\s*\\R\\s*", " ")
        : e.toString();
  }

  /** Provider of the library's version. */
  static final class VersionProvider implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"deepxray-serve " + Version.current()};
    }
  }
}
