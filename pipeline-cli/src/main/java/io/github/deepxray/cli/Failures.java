package io.github.deepxray.cli;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.concurrent.WorkInterruptedException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Says what went wrong in one line; the stack trace only if asked for. */
final class Failures
    implements CommandLine.IExecutionExceptionHandler,
        CommandLine.IParameterExceptionHandler,
        CommandLine.IExecutionStrategy {
  private static final int FAILED = 1;
  private static final int USAGE = 2;

  /** Brings errors of the machine to the same handler as exceptions, which they pass by. */
  @Override
  public int execute(ParseResult result) {
    try {
      return new CommandLine.RunLast().execute(result);
    } catch (OutOfMemoryError | LinkageError e) {
      throw new CommandLine.ExecutionException(result.commandSpec().commandLine(), line(e), e);
    }
  }

  @Override
  public int handleExecutionException(Exception e, CommandLine command, ParseResult result) {
    command.getErr().println("deepxray: " + line(e));
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
    // Looked for whatever the failure: a misspelt option is often why the right one is missing.
    Optional<String> unknown =
        command.getUnmatchedArguments().stream().filter(a -> a.startsWith("-")).findFirst();
    Optional<String> noCommand = unknownCommand(command);
    if (noCommand.isPresent()) {
      err.println(
          "deepxray: There is no command "
              + noCommand.get()
              + Suggestions.nearest(noCommand.get(), command.getSubcommands().keySet())
                  .map(nearest -> "; did you mean " + nearest + "?")
                  .orElse("."));
      err.println(help.replace("options", "commands"));
    } else if (unknown.isPresent()) {
      String option = unknown.get().replaceFirst("=.*", "");
      err.println(
          "deepxray: There is no option "
              + option
              + Suggestions.nearest(option, command.getCommandSpec().optionsMap().keySet())
                  .map(nearest -> "; did you mean " + nearest + "?")
                  .orElse("."));
      err.println(help);
    } else {
      err.println("deepxray: " + oneLine(e.getMessage()));
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

  /** The first argument of a command that has nothing but subcommands. */
  private static Optional<String> unknownCommand(CommandLine command) {
    return command.getUnmatchedArguments().stream()
        .findFirst()
        .filter(first -> !first.startsWith("-"))
        .filter(first -> !command.getSubcommands().isEmpty())
        .filter(first -> command.getCommandSpec().positionalParameters().isEmpty());
  }

  private static boolean expected(Throwable e) {
    return e instanceof DeepXrayException
        || e instanceof CommandLine.ExecutionException
        || e instanceof IOException
        || e instanceof UncheckedIOException
        || e instanceof InterruptedException
        || e instanceof WorkInterruptedException;
  }

  /** What went wrong with one file of many, in one line. */
  static String line(Path file, Throwable e) {
    String line = line(e);
    return "deepxray: " + (line.contains(file.toString()) ? "" : file + ": ") + line;
  }

  /** What went wrong in one line. */
  static String line(Throwable e) {
    if (e instanceof UncheckedIOException) {
      return line(e.getCause());
    } else if (e instanceof OutOfMemoryError) {
      return "out of memory ("
          + e.getMessage()
          + "); allow Java more with -Xmx in MAVEN_OPTS or DEEPXRAY_OPTS.";
    } else if (e instanceof LinkageError) {
      return "a library cannot be loaded on "
          + System.getProperty("os.name")
          + " "
          + System.getProperty("os.arch")
          + " ("
          + oneLine(e.toString())
          + "); build the project on this machine, on one of the platforms it supports.";
    } else if (e instanceof FileAlreadyExistsException exists) {
      return exists.getFile() + " is a file where a folder is needed; choose another place.";
    } else if (e instanceof DirectoryNotEmptyException notEmpty) {
      return notEmpty.getFile() + " is not empty; something else writes into it.";
    } else if (e instanceof NoSuchFileException missing) {
      return "there is no file " + missing.getFile() + ".";
    } else if (e instanceof FileNotFoundException) {
      // It says of every failure that there is no file, and why in brackets.
      return "the file cannot be opened: " + e.getMessage() + ".";
    } else if (e instanceof AccessDeniedException denied) {
      return "no permission for " + denied.getFile() + ".";
    } else if (e instanceof FileSystemException file) {
      return file.getFile()
          + ": "
          + (file.getReason() == null ? file.getClass().getSimpleName() : file.getReason())
          + ".";
    } else if (e instanceof InterruptedException || e instanceof WorkInterruptedException) {
      return "interrupted.";
    }
    String message = e.getMessage();
    return expected(e) && message != null
        ? oneLine(message)
        : e.getClass().getSimpleName() + (message == null ? "" : ": " + oneLine(message));
  }

  private static String oneLine(String text) {
    return text.replaceAll("\\s*\\R\\s*", " ").trim();
  }
}
