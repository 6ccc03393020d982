package io.github.deepxray.serve;

import java.util.concurrent.atomic.AtomicLong;

/** How many bytes the bodies of all requests together may take. */
final class MemoryBudget {
  private final long limit;
  private final AtomicLong taken = new AtomicLong();

  MemoryBudget(long limit) {
    this.limit = limit;
  }

  /** Begins a share of nothing. */
  Share share() {
    return new Share();
  }

  /** What one request has. */
  final class Share implements AutoCloseable {
    private final AtomicLong mine = new AtomicLong();

    /** Takes more, unless there is none. */
    boolean grow(long bytes) {
      if (taken.addAndGet(bytes) > limit) {
        taken.addAndGet(-bytes);
        return false;
      }
      mine.addAndGet(bytes);
      return true;
    }

    /** Gives everything back; further calls do nothing. */
    @Override
    public void close() {
      taken.addAndGet(-mine.getAndSet(0));
    }
  }
}
