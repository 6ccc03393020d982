package io.github.deepxray.cli;

import io.github.deepxray.pipeline.internal.FailureText;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Handler of failures: prints one line, and the stack trace only with {@code --verbose}. */
final class Failures
    implements CommandLine.IExecutionExceptionHandler,
        CommandLine.IParameterExceptionHandler,
        CommandLine.IExecutionStrategy {
  private static final int FAILED = 1;
  private static final int USAGE = 2;

  /** Passes errors of the JVM to the same handler as exceptions. */
  @Override
  public int execute(ParseResult result) {
    try {
      return new CommandLine.RunLast().execute(result);
    } catch (OutOfMemoryError | LinkageError e) {
      throw new CommandLine.ExecutionException(
          result.commandSpec().commandLine(), FailureText.line(e), e);
    }
  }

  @Override
  public int handleExecutionException(Exception e, CommandLine command, ParseResult result) {
    command.getErr().println("deepxray: " + message(e));
    if (result.expandedArgs().contains("--verbose")) {
      e.printStackTrace(command.getErr());
    } else if (!expected(e)) {
      command.getErr().println("  This is not one of the expected failures; run with --verbose.");
    }
    command.getErr().flush();
    return FAILED;
  }

  @Override
  public int handleParseException(ParameterException e, String[] arguments) {
    CommandLine command = e.getCommandLine();
    PrintWriter err = command.getErr();
    String help = "  " + command.getCommandSpec().qualifiedName() + " --help shows the options.";
    // Checked for each failure, because a misspelt option is often the reason for a missing one.
    Optional<String> unknown =
        command.getUnmatchedArguments().stream().filter(a -> a.startsWith("-")).findFirst();
    Optional<String> noCommand = unknownCommand(command);
    if (noCommand.isPresent()) {
      err.println(
          "deepxray: There is no command "
              + noCommand.get()
              + Suggestions.end(noCommand.get(), command.getSubcommands().keySet()));
      err.println(help.replace("options", "commands"));
    } else if (unknown.isPresent()) {
      String option = unknown.get().replaceFirst("=.*", "");
      err.println(
          "deepxray: There is no option "
              + option
              + Suggestions.end(option, command.getCommandSpec().optionsMap().keySet()));
      err.println(help);
    } else {
      err.println("deepxray: " + FailureText.oneLine(e.getMessage()));
      if (!UnmatchedArgumentException.printSuggestions(e, err)) {
        err.println(help);
      }
    }
    if (Arrays.asList(arguments).contains("--verbose")) {
      e.printStackTrace(err);
    }
    err.flush();
    return USAGE;
  }

  /** Returns the first argument of a command that has only subcommands. */
  private static Optional<String> unknownCommand(CommandLine command) {
    return command.getUnmatchedArguments().stream()
        .findFirst()
        .filter(first -> !first.startsWith("-"))
        .filter(first -> !command.getSubcommands().isEmpty())
        .filter(first -> command.getCommandSpec().positionalParameters().isEmpty());
  }

  private static String message(Exception e) {
    return e instanceof CommandLine.ExecutionException
        ? FailureText.oneLine(e.getMessage())
        : FailureText.line(e);
  }

  private static boolean expected(Throwable e) {
    return e instanceof CommandLine.ExecutionException || FailureText.expected(e);
  }

  /** Returns the error message of one file of many, in one line. */
  static String line(Path file, Throwable e) {
    String line = FailureText.line(e);
    return "deepxray: " + (line.contains(file.toString()) ? "" : file + ": ") + line;
  }
}
