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

  /** How many bytes are taken. */
  long taken() {
    return taken.get();
  }

  /** What one request has. */
  final class Share implements AutoCloseable {
    private long mine;
    private boolean closed;

    /** Takes more, unless there is none or it is closed. */
    synchronized boolean grow(long bytes) {
      if (closed) {
        return false;
      }
      if (taken.addAndGet(bytes) > limit) {
        taken.addAndGet(-bytes);
        return false;
      }
      mine += bytes;
      return true;
    }

    /** Gives everything back; further calls do nothing. */
    @Override
    public synchronized void close() {
      closed = true;
      taken.addAndGet(-mine);
      mine = 0;
    }
  }
}
