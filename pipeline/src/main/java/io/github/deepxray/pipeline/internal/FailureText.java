package io.github.deepxray.pipeline.internal;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.concurrent.WorkInterruptedException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** Error messages of failures, one line each. */
public final class FailureText {
  private FailureText() {}

  /**
   * Whether the message of a failure explains it to a user; any other failure is a defect of this
   * library.
   */
  public static boolean expected(Throwable e) {
    return e instanceof DeepXrayException
        || e instanceof IOException
        || e instanceof UncheckedIOException
        || e instanceof InterruptedException
        || e instanceof WorkInterruptedException;
  }

  /** Returns the error message in one line. */
  public static String line(Throwable e) {
    if (e instanceof UncheckedIOException) {
      return line(e.getCause());
    } else if (e instanceof OutOfMemoryError) {
      return "out of memory (%s); allow Java more with -Xmx in MAVEN_OPTS or DEEPXRAY_OPTS."
          .formatted(e.getMessage());
    } else if (e instanceof LinkageError) {
      return ("a library cannot be loaded on %s %s (%s); build the project on this machine, on "
              + "one of the platforms it supports.")
          .formatted(
              System.getProperty("os.name"), System.getProperty("os.arch"), oneLine(e.toString()));
    } else if (e instanceof FileAlreadyExistsException exists) {
      return exists.getFile() + " is a file where a folder is needed; choose another place.";
    } else if (e instanceof DirectoryNotEmptyException notEmpty) {
      return notEmpty.getFile() + " is not empty; something else writes into it.";
    } else if (e instanceof NoSuchFileException missing) {
      return "there is no file " + missing.getFile() + ".";
    } else if (e instanceof FileNotFoundException) {
      // Java throws this exception for all failures of opening; the message has the reason in
      // brackets.
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

  /** Returns the text without line breaks. */
  public static String oneLine(String text) {
    return text.replaceAll("\\s*\\R\\s*", " ").trim();
  }
}
