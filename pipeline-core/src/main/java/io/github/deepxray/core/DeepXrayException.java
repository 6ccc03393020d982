package io.github.deepxray.core;

/**
 * A failure that its user can act on. The message is one line that says what is wrong, where (file,
 * record, tensor) and what to do about it; it is shown as it is, without a stack trace.
 */
public class DeepXrayException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure from its one-line message. */
  public DeepXrayException(String message) {
    super(oneLine(message));
  }

  /** Creates the failure from its one-line message and what caused it. */
  public DeepXrayException(String message, Throwable cause) {
    super(oneLine(message), cause);
  }

  /** Names in damaged files can have line breaks, and characters that steer terminals. */
  private static String oneLine(String message) {
    return message.replaceAll("[\\p{Cc}\\u2028\\u2029]+", " ");
  }
}
