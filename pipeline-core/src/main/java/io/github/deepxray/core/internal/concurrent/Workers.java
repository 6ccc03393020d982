package io.github.deepxray.core.internal.concurrent;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;

/** Runs the same body on several threads, each with a share of the work. */
public final class Workers {
  private final AtomicBoolean stopped = new AtomicBoolean();

  private Workers() {}

  /** Body of each thread. */
  @FunctionalInterface
  public interface Body {
    /**
     * Works until nothing is left, or until {@link #stopped} is true.
     *
     * @param worker the number of the thread, from 0
     * @param workers the workers, for {@link #stopped}
     * @throws IOException if the work fails, which ends all threads
     */
    void run(int worker, Workers workers) throws IOException;
  }

  /** Whether the work must end early because another thread failed. */
  public boolean stopped() {
    return stopped.get();
  }

  /**
   * Runs the body on several threads and returns when all have ended, even on failure, so that
   * shared resources can be closed afterwards.
   *
   * @param count the number of threads, at least 1
   * @throws IOException the first exception of a body; runtime exceptions and errors are rethrown
   *     in the same way
   * @throws WorkInterruptedException if the thread is interrupted while it waits
   */
  public static void run(int count, Body body) throws IOException {
    Workers workers = new Workers();
    ExecutorService executor = Executors.newFixedThreadPool(count);
    List<CompletableFuture<Void>> ends = new ArrayList<>();
    try {
      for (int w = 0; w < count; w++) {
        int worker = w;
        CompletableFuture<Void> end = new CompletableFuture<>();
        executor.execute(
            () -> {
              try {
                body.run(worker, workers);
                end.complete(null);
              } catch (IOException | RuntimeException | Error e) {
                workers.stopped.set(true);
                end.completeExceptionally(e);
              }
            });
        ends.add(end);
      }
      for (CompletableFuture<Void> end : ends) {
        result(end);
      }
    } finally {
      workers.stopped.set(true);
      executor.shutdown();
      // Waits even if the thread is interrupted.
      CompletableFuture.allOf(ends.toArray(new CompletableFuture<?>[0]))
          .exceptionally(failure -> null)
          .join();
    }
  }

  /**
   * Waits for a result.
   *
   * @throws IOException the exception of the work; runtime exceptions and errors are rethrown in
   *     the same way
   * @throws WorkInterruptedException if the thread is interrupted while it waits
   */
  public static <T> T result(Future<T> future) throws IOException {
    try {
      return future.get();
    } catch (InterruptedException e) {
      throw new WorkInterruptedException(e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException io) {
        throw io;
      } else if (e.getCause() instanceof RuntimeException runtime) {
        throw runtime;
      } else if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException(e.getCause());
    }
  }
}
