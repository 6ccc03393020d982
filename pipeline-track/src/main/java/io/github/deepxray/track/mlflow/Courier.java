package io.github.deepxray.track.mlflow;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;

/**
 * Delivers letters one after another in the background. The first that cannot be delivered, or not
 * in time, is the last: the others are thrown away.
 */
final class Courier {
  private final Consumer<Exception> failed;
  private final Deque<Job> waiting = new ArrayDeque<>();
  private Job current = Job.NONE;
  private long since;
  private boolean dead;
  private boolean closed;

  /** Something to deliver. */
  @FunctionalInterface
  interface Letter {
    void deliver() throws Exception;
  }

  private record Job(Duration patience, Letter letter) {
    static final Job NONE = new Job(Duration.ZERO, () -> {});
  }

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
      while (!dead && (current != Job.NONE || !waiting.isEmpty())) {
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
    return current == Job.NONE;
  }

  /** The milliseconds that the letter under way still has; gives it up if there are none. */
  private long remaining() {
    if (current == Job.NONE) {
      return 1000;
    }
    long left = current.patience().toMillis() - (System.nanoTime() - since) / 1_000_000;
    if (left <= 0) {
      die(
          new IOException(
              "it did not answer within " + current.patience().toSeconds() + " seconds"));
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
    for (Job job = next(); job != Job.NONE; job = next()) {
      try {
        job.letter().deliver();
      } catch (Exception e) {
        die(e);
      } finally {
        done();
      }
    }
  }

  private synchronized Job next() {
    try {
      while (waiting.isEmpty() && !closed && !dead) {
        wait();
      }
    } catch (InterruptedException e) {
      return Job.NONE;
    }
    if (waiting.isEmpty()) {
      return Job.NONE;
    }
    current = waiting.remove();
    since = System.nanoTime();
    return current;
  }

  private synchronized void done() {
    current = Job.NONE;
    notifyAll();
  }
}
