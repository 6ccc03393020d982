package io.github.deepxray.serve;

import java.util.concurrent.atomic.AtomicLong;

/** Memory limit of the bodies of all requests together. */
final class MemoryBudget {
  private final long limit;
  private final AtomicLong taken = new AtomicLong();

  MemoryBudget(long limit) {
    this.limit = limit;
  }

  /** Creates an empty share. */
  Share share() {
    return new Share();
  }

  /** Number of reserved bytes. */
  long taken() {
    return taken.get();
  }

  /** Reserved memory of one request. */
  final class Share implements AutoCloseable {
    private long mine;
    private boolean closed;

    /** Reserves more bytes; returns false if the budget is exhausted or the share is closed. */
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

    /** Releases all bytes; further calls have no effect. */
    @Override
    public synchronized void close() {
      closed = true;
      taken.addAndGet(-mine);
      mine = 0;
    }
  }
}
