package io.github.deepxray.cli;

import io.github.deepxray.core.DeepXrayException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Arrays;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Says what went wrong in one line; the stack trace only if asked for. */
final class Failures
    implements CommandLine.IExecutionExceptionHandler, CommandLine.IParameterExceptionHandler {
  private static final int FAILED = 1;
  private static final int USAGE = 2;

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
    err.println("deepxray: " + oneLine(e.getMessage()));
    if (!UnmatchedArgumentException.printSuggestions(e, err)) {
      err.println("  " + command.getCommandSpec().qualifiedName() + " --help shows the options.");
    }
    if (Arrays.asList(arguments).contains("--verbose")) {
      e.printStackTrace(err);
    }
    err.flush();
    return USAGE;
  }

  private static boolean expected(Throwable e) {
    return e instanceof DeepXrayException
        || e instanceof IOException
        || e instanceof UncheckedIOException
        || e instanceof InterruptedException;
  }

  private static String line(Throwable e) {
    if (e instanceof UncheckedIOException) {
      return line(e.getCause());
    } else if (e instanceof NoSuchFileException || e instanceof FileNotFoundException) {
      String name = e instanceof NoSuchFileException missing ? missing.getFile() : e.getMessage();
      return "there is no file " + name + ".";
    } else if (e instanceof AccessDeniedException denied) {
      return "no permission for " + denied.getFile() + ".";
    } else if (e instanceof FileSystemException file) {
      return file.getFile()
          + ": "
          + (file.getReason() == null ? file.getClass().getSimpleName() : file.getReason())
          + ".";
    } else if (e instanceof InterruptedException) {
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
