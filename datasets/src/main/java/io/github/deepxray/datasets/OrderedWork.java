package io.github.deepxray.datasets;

import io.github.deepxray.core.internal.concurrent.Workers;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Runs work on several threads and delivers the results in order, holding only a few at a time. */
final class OrderedWork {
  private static final int AHEAD = 8;

  private OrderedWork() {}

  /** Computes the result of an item. */
  @FunctionalInterface
  interface Step<T, R> {
    R apply(T item) throws IOException;
  }

  /** Receives a result. */
  @FunctionalInterface
  interface Sink<R> {
    void accept(R result) throws IOException;
  }

  /**
   * Applies the step to each item on several threads and passes the results to the sink, in the
   * order of the items and on the calling thread.
   *
   * @throws IOException if a step or the sink fails; other steps are then cancelled
   */
  static <T, R> void run(List<T> items, int threads, Step<T, R> step, Sink<R> sink)
      throws IOException {
    ExecutorService pool =
        Executors.newFixedThreadPool(
            threads,
            task -> {
              Thread thread = new Thread(task, "deepxray-datasets");
              thread.setDaemon(true);
              return thread;
            });
    try {
      Deque<Future<R>> pending = new ArrayDeque<>();
      Iterator<T> source = items.iterator();
      while (source.hasNext() || !pending.isEmpty()) {
        while (source.hasNext() && pending.size() < threads * AHEAD) {
          T item = source.next();
          pending.add(pool.submit(() -> step.apply(item)));
        }
        sink.accept(Workers.result(pending.remove()));
      }
    } finally {
      pool.shutdownNow();
    }
  }
}
