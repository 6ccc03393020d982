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
 * Sender of messages in the background, one after another. After the first failure or timeout, all
 * other messages are discarded.
 */
final class BackgroundSender {
  private final Consumer<Exception> failed;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread daemon = new Thread(task, "deepxray-mlflow");
            daemon.setDaemon(true);
            return daemon;
          });

  /** Completed after the last message, or after the first failure. */
  private final CompletableFuture<Void> end = new CompletableFuture<>();

  private final AtomicBoolean discarding = new AtomicBoolean();
  private volatile boolean busy;

  /** Message to send. */
  @FunctionalInterface
  interface Message {
    void send() throws Exception;
  }

  /**
   * Starts the thread.
   *
   * @param failed called once, at the first failure
   */
  BackgroundSender(Consumer<Exception> failed) {
    this.failed = failed;
  }

  /**
   * Queues a message without waiting, unless the sender is closed.
   *
   * @param patience time limit for sending
   */
  synchronized void send(Duration patience, Message message) {
    if (!thread.isShutdown()) {
      thread.execute(() -> transmit(patience, message));
    }
  }

  private void transmit(Duration patience, Message message) {
    if (discarding.get() || end.isDone()) {
      return;
    }
    busy = true;
    CompletableFuture<Exception> sending =
        new CompletableFuture<Exception>()
            .completeOnTimeout(
                new IOException("it did not answer within " + patience.toSeconds() + " seconds"),
                patience.toMillis(),
                TimeUnit.MILLISECONDS);
    CompletableFuture<Void> notified = sending.thenAccept(this::fail);
    try {
      message.send();
      busy = false;
      sending.cancel(false);
    } catch (Exception e) {
      busy = false;
      sending.complete(e);
      notified.join();
    }
  }

  private void fail(Exception failure) {
    if (discarding.compareAndSet(false, true)) {
      failed.accept(failure);
      end.complete(null);
    }
  }

  /**
   * Waits until all messages are sent or discarded.
   *
   * @return whether no message is being sent any more
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
