package io.github.deepxray.serve;

import java.util.concurrent.TimeUnit;

/** How many requests are not answered yet. */
final class InFlight {
  private int count;

  /** One more. */
  synchronized void begin() {
    count++;
  }

  /** One less. */
  synchronized void end() {
    count--;
    notifyAll();
  }

  /**
   * Waits until there is none.
   *
   * @return whether that came in time
   */
  synchronized boolean awaitNone(long milliseconds) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(milliseconds);
    while (count > 0) {
      long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
      if (left <= 0) {
        return false;
      }
      wait(left);
    }
    return true;
  }
}
