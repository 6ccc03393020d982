package io.github.deepxray.core.internal.concurrent;

import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

/**
 * Keeps something native from being freed while it is used, and from being used once it is freed.
 * Whatever holds native memory has one and does all its work through it.
 *
 * <p>Its locks let go of a virtual thread that waits. Work must not close what it uses itself: it
 * would wait for its own end.
 */
public final class CloseGuard {
  private final String what;
  private final ReentrantLock turn = new ReentrantLock(true);

  /** Who works reads; who frees writes. */
  private final ReentrantReadWriteLock users = new ReentrantReadWriteLock();

  private volatile boolean closing;

  /** Guarded by the write lock. */
  private boolean closed;

  /**
   * Guards something that is open.
   *
   * @param what how messages name it, such as {@code the engine}
   */
  public CloseGuard(String what) {
    this.what = what;
  }

  /**
   * Does work, side by side with others; closing waits for its end.
   *
   * @throws IllegalStateException if it is closed
   * @throws WorkInterruptedException if the thread is interrupted before the work or during it
   */
  public <T> T use(Supplier<T> work) {
    requireOpen();
    users.readLock().lock();
    try {
      requireOpen();
      WorkInterruptedException.check();
      T result = work.get();
      WorkInterruptedException.check();
      return result;
    } finally {
      users.readLock().unlock();
    }
  }

  private void requireOpen() {
    if (closing) {
      throw new IllegalStateException(what + " is closed");
    }
  }

  /**
   * Does work, one after another in the order in which they came; closing waits for those that have
   * come.
   *
   * @throws IllegalStateException if it is closed
   * @throws WorkInterruptedException if the thread is interrupted while it waits or works
   */
  public <T> T alone(Supplier<T> work) {
    return use(
        () -> {
          try {
            turn.lockInterruptibly();
          } catch (InterruptedException e) {
            throw new WorkInterruptedException(e);
          }
          try {
            return work.get();
          } finally {
            turn.unlock();
          }
        });
  }

  /**
   * Waits for what runs, then frees, once: further calls, from whatever thread, return when that is
   * done. A thread that is interrupted waits nevertheless, since a native call cannot be stopped;
   * its flag stays set.
   */
  public void close(Runnable free) {
    closing = true;
    users.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        free.run();
      }
    } finally {
      users.writeLock().unlock();
    }
  }
}
