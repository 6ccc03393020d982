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

/** The same body run by several threads, each of which takes its share of the work. */
public final class Workers {
  private final AtomicBoolean stopped = new AtomicBoolean();

  private Workers() {}

  /** What each thread does. */
  @FunctionalInterface
  public interface Body {
    /**
     * Works until nothing is left, or until {@link #stopped} says so.
     *
     * @param worker the number of the thread, from 0
     * @param workers tells whether another thread has failed
     * @throws IOException which ends the whole work
     */
    void run(int worker, Workers workers) throws IOException;
  }

  /** Whether the work is to end early, because another thread failed. */
  public boolean stopped() {
    return stopped.get();
  }

  /**
   * Runs the body on so many threads and returns when all have ended, whatever happens: nothing
   * they use may be closed earlier.
   *
   * @param count how many threads, at least 1
   * @throws IOException the first that a body threw, if any did; runtime exceptions and errors are
   *     passed on likewise
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
   * @throws IOException what the work threw; runtime exceptions and errors are passed on likewise
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
