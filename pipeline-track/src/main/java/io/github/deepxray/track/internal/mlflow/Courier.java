package io.github.deepxray.track.internal.mlflow;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Delivers letters one after another in the background. The first that cannot be delivered, or not
 * in time, is the last: the others are thrown away.
 */
final class Courier {
  private final Consumer<Exception> failed;
  private final Deque<Job> waiting = new ArrayDeque<>();
  private Optional<Job> current = Optional.empty();
  private long since;
  private boolean dead;
  private boolean closed;

  /** Something to deliver. */
  @FunctionalInterface
  interface Letter {
    void deliver() throws Exception;
  }

  private record Job(Duration patience, Letter letter) {}

  /**
   * Starts.
   *
   * @param failed told once, if something cannot be delivered
   */
  Courier(Consumer<Exception> failed) {
    this.failed = failed;
    Thread thread = new Thread(this::work, "deepxray-mlflow");
    thread.setDaemon(true);
    thread.start();
  }

  /**
   * Takes a letter; does not wait.
   *
   * @param patience how long its delivery may take
   */
  synchronized void send(Duration patience, Letter letter) {
    remaining();
    if (!dead && !closed) {
      waiting.add(new Job(patience, letter));
      notifyAll();
    }
  }

  /**
   * Waits until all is delivered or given up.
   *
   * @return whether no delivery is under way any more
   */
  synchronized boolean close() {
    try {
      while (!dead && (current.isPresent() || !waiting.isEmpty())) {
        long millis = remaining();
        if (!dead) {
          wait(Math.max(1, millis));
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    closed = true;
    waiting.clear();
    notifyAll();
    return current.isEmpty();
  }

  /** The milliseconds that the letter under way still has; gives it up if there are none. */
  private long remaining() {
    if (current.isEmpty()) {
      return 1000;
    }
    Duration patience = current.get().patience();
    long left = patience.toMillis() - (System.nanoTime() - since) / 1_000_000;
    if (left <= 0) {
      die(new IOException("it did not answer within " + patience.toSeconds() + " seconds"));
    }
    return left;
  }

  private synchronized void die(Exception failure) {
    if (!dead) {
      dead = true;
      waiting.clear();
      notifyAll();
      failed.accept(failure);
    }
  }

  private void work() {
    for (Optional<Job> job = next(); job.isPresent(); job = next()) {
      try {
        job.get().letter().deliver();
      } catch (Exception e) {
        die(e);
      } finally {
        done();
      }
    }
  }

  private synchronized Optional<Job> next() {
    try {
      while (waiting.isEmpty() && !closed && !dead) {
        wait();
      }
    } catch (InterruptedException e) {
      return Optional.empty();
    }
    if (waiting.isEmpty()) {
      return Optional.empty();
    }
    current = Optional.of(waiting.remove());
    since = System.nanoTime();
    return current;
  }

  private synchronized void done() {
    current = Optional.empty();
    notifyAll();
  }
}
