package io.github.deepxray.track.internal.mlflow;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Delivers letters one after another in the background. The first that cannot be delivered, or not
 * in time, is the last: the others are thrown away.
 */
final class Courier {
  private final Consumer<Exception> failed;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread daemon = new Thread(task, "deepxray-mlflow");
            daemon.setDaemon(true);
            return daemon;
          });

  /** Done with the last letter, or with the first that is not delivered. */
  private final CompletableFuture<Void> end = new CompletableFuture<>();

  private final AtomicBoolean dead = new AtomicBoolean();
  private volatile boolean busy;

  /** Something to deliver. */
  @FunctionalInterface
  interface Letter {
    void deliver() throws Exception;
  }

  /**
   * Starts.
   *
   * @param failed told once, if something cannot be delivered
   */
  Courier(Consumer<Exception> failed) {
    this.failed = failed;
  }

  /**
   * Takes a letter, unless it is closed; does not wait.
   *
   * @param patience how long its delivery may take
   */
  synchronized void send(Duration patience, Letter letter) {
    if (!thread.isShutdown()) {
      thread.execute(() -> deliver(patience, letter));
    }
  }

  private void deliver(Duration patience, Letter letter) {
    if (dead.get() || end.isDone()) {
      return;
    }
    busy = true;
    CompletableFuture<Exception> delivery =
        new CompletableFuture<Exception>()
            .completeOnTimeout(
                new IOException("it did not answer within " + patience.toSeconds() + " seconds"),
                patience.toMillis(),
                TimeUnit.MILLISECONDS);
    CompletableFuture<Void> told = delivery.thenAccept(this::die);
    try {
      letter.deliver();
      busy = false;
      delivery.cancel(false);
    } catch (Exception e) {
      busy = false;
      delivery.complete(e);
      told.join();
    }
  }

  private void die(Exception failure) {
    if (dead.compareAndSet(false, true)) {
      failed.accept(failure);
      end.complete(null);
    }
  }

  /**
   * Waits until all is delivered or given up.
   *
   * @return whether no delivery is under way any more
   */
  boolean close() {
    synchronized (this) {
      if (!thread.isShutdown()) {
        thread.execute(() -> end.complete(null));
        thread.shutdown();
      }
    }
    try {
      end.get();
    } catch (InterruptedException e) {
      end.complete(null);
      Thread.currentThread().interrupt();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
    return !busy;
  }
}
