package io.github.deepxray.core.internal.concurrent;

import java.util.concurrent.atomic.AtomicInteger;

/** Reference count of a shared resource, which the last holder frees. */
public final class ReferenceCount {
  private final Runnable free;
  private final AtomicInteger count = new AtomicInteger(1);

  /**
   * Creates a count of one holder.
   *
   * @param free frees the resource; called once, by the last holder
   */
  public ReferenceCount(Runnable free) {
    this.free = free;
  }

  /** Adds a holder; returns whether the resource is not freed yet. */
  public boolean hold() {
    return count.getAndUpdate(n -> n == 0 ? 0 : n + 1) > 0;
  }

  /** Removes a holder; called once per holder. */
  public void release() {
    if (count.decrementAndGet() == 0) {
      free.run();
    }
  }

  /** Whether the resource is freed or being freed. */
  public boolean none() {
    return count.get() == 0;
  }
}
