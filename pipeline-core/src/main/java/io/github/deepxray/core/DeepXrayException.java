package io.github.deepxray.core;

/**
 * Failure that the user can correct. The message is one line that says what is wrong, where (file,
 * record, tensor) and what to do about it; applications show it without a stack trace.
 */
public class DeepXrayException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception from its one-line message. */
  public DeepXrayException(String message) {
    super(oneLine(message));
  }

  /** Creates an exception from its one-line message and its cause. */
  public DeepXrayException(String message, Throwable cause) {
    super(oneLine(message), cause);
  }

  /** Names in damaged files can contain line breaks and terminal control characters. */
  private static String oneLine(String message) {
    return message.replaceAll("[\\p{Cc}\\u2028\\u2029]+", " ");
  }
}
