package io.github.deepxray.core.internal.concurrent;

/**
 * The thread that works or waits was interrupted. Everything in this library that can be called off
 * ends with it, whether it classifies an image or trains for hours; the thread's interrupt flag is
 * set when it is thrown.
 *
 * <p>It is no {@link io.github.deepxray.core.DeepXrayException}: nothing is wrong with what was
 * read, and nobody may take it for that.
 */
public final class WorkInterruptedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private static final String MESSAGE = "interrupted";

  /** What {@link #check} throws. */
  private WorkInterruptedException() {
    super(MESSAGE);
  }

  /**
   * Sets the thread's interrupt flag, which whatever threw the cause may have cleared.
   *
   * @param cause what a wait or a channel threw
   */
  public WorkInterruptedException(Exception cause) {
    super(MESSAGE, cause);
    Thread.currentThread().interrupt();
  }

  /**
   * Ends the work if the thread is interrupted.
   *
   * @throws WorkInterruptedException if it is; its interrupt flag stays set
   */
  public static void check() {
    if (Thread.currentThread().isInterrupted()) {
      throw new WorkInterruptedException();
    }
  }
}
