package io.github.deepxray.core.internal.concurrent;

import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

/**
 * Guard of native memory: it is not freed during use, and not used after it is freed. Each owner of
 * native memory does all its work through a guard.
 *
 * <p>The locks do not pin virtual threads. Work must not close the guard that it runs in: it would
 * wait for its own end.
 */
public final class CloseGuard {
  private final String what;
  private final ReentrantLock turn = new ReentrantLock(true);

  /** Users hold the read lock; freeing holds the write lock. */
  private final ReentrantReadWriteLock users = new ReentrantReadWriteLock();

  private volatile boolean closing;

  /** Guarded by the write lock. */
  private boolean closed;

  /**
   * Creates an open guard.
   *
   * @param what the name of the resource in messages, such as {@code the engine}
   */
  public CloseGuard(String what) {
    this.what = what;
  }

  /**
   * Runs work in parallel with others; closing waits for its end.
   *
   * @throws IllegalStateException if the guard is closed
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
   * Runs work one after another, in the order of arrival; closing waits for waiting work.
   *
   * @throws IllegalStateException if the guard is closed
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
   * Waits for running work, then frees the resource once; further calls from any thread return when
   * it is freed. An interrupt does not end the wait, since a native call cannot be stopped; the
   * interrupt flag stays set.
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
