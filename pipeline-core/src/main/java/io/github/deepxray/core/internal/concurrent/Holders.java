package io.github.deepxray.core.internal.concurrent;

import java.util.concurrent.atomic.AtomicInteger;

/** Counts who holds something that several share; the last that lets go of it frees it. */
public final class Holders {
  private final Runnable free;
  private final AtomicInteger count = new AtomicInteger(1);

  /**
   * Begins with one holder.
   *
   * @param free called once, by the last that lets go
   */
  public Holders(Runnable free) {
    this.free = free;
  }

  /** Adds a holder, unless it is freed already. */
  public boolean hold() {
    return count.getAndUpdate(n -> n == 0 ? 0 : n + 1) > 0;
  }

  /** Takes a holder away; each may do so once. */
  public void release() {
    if (count.decrementAndGet() == 0) {
      free.run();
    }
  }

  /** Whether it is freed, or just being freed. */
  public boolean none() {
    return count.get() == 0;
  }
}
