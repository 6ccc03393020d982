package io.github.deepxray.core.internal.concurrent;

/**
 * Thrown when the working or waiting thread is interrupted. All cancellable work in this library
 * ends with this exception, classification as well as training; the thread's interrupt flag is set.
 *
 * <p>It is no {@link io.github.deepxray.core.DeepXrayException}, because the input is not at fault.
 */
public final class WorkInterruptedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private static final String MESSAGE = "interrupted";

  /** Creates the exception of {@link #check}. */
  private WorkInterruptedException() {
    super(MESSAGE);
  }

  /**
   * Creates the exception and sets the thread's interrupt flag, which the cause may have cleared.
   *
   * @param cause the exception of a wait or a channel
   */
  public WorkInterruptedException(Exception cause) {
    super(MESSAGE, cause);
    Thread.currentThread().interrupt();
  }

  /**
   * Throws an exception if the thread is interrupted.
   *
   * @throws WorkInterruptedException if the thread is interrupted; its interrupt flag stays set
   */
  public static void check() {
    if (Thread.currentThread().isInterrupted()) {
      throw new WorkInterruptedException();
    }
  }
}
