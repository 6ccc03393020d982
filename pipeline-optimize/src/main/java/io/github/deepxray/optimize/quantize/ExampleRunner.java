package io.github.deepxray.optimize.quantize;

import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.network.Model;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** Sends examples through a model on several engines side by side. */
final class ExampleRunner {
  private final EngineFactory engines;
  private final int cores;

  ExampleRunner(EngineFactory engines, int cores) {
    this.engines = engines;
    this.cores = cores;
  }

  /** Takes what came out of one example; called by one thread per worker. */
  @FunctionalInterface
  interface Visitor {
    void visit(int worker, int example, float[] input, float[][] outputs);
  }

  /** Work that may be done by any thread. */
  @FunctionalInterface
  interface Job {
    void run() throws IOException;
  }

  /** How many workers there are for so many examples. */
  int workers(int examples) {
    return Math.max(1, Math.min(engines.parallelEngines(cores), examples));
  }

  /** Runs every example once; worker {@code w} of {@code n} takes each {@code n}th from w on. */
  void run(Model model, RepresentativeDataset examples, Visitor visitor) throws IOException {
    int workers = workers(examples.size());
    int threads = Math.max(1, cores / workers);
    AtomicBoolean stopped = new AtomicBoolean();
    List<Job> jobs = new ArrayList<>();
    for (int w = 0; w < workers; w++) {
      int worker = w;
      jobs.add(
          () -> {
            boolean done = false;
            try (InferenceEngine engine = engines.create(model, threads)) {
              for (int i = worker; i < examples.size() && !stopped.get(); i += workers) {
                float[] input = examples.example(i);
                visitor.visit(worker, i, input, engine.run(input, 1));
              }
              done = true;
            } finally {
              if (!done) {
                stopped.set(true);
              }
            }
          });
    }
    parallel(jobs, workers);
  }

  /** Runs one example after the other on one engine. */
  void runSerially(Model model, RepresentativeDataset examples, Visitor visitor)
      throws IOException {
    try (InferenceEngine engine = engines.create(model, 1)) {
      for (int i = 0; i < examples.size(); i++) {
        float[] input = examples.example(i);
        visitor.visit(0, i, input, engine.run(input, 1));
      }
    }
  }

  /** Runs jobs on so many threads and waits for all of them. */
  static void parallel(List<Job> jobs, int threads) throws IOException {
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    try {
      List<Future<?>> futures = new ArrayList<>();
      for (Job job : jobs) {
        futures.add(
            executor.submit(
                () -> {
                  job.run();
                  return null;
                }));
      }
      for (Future<?> future : futures) {
        future.get();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while running examples", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException io) {
        throw io;
      } else if (e.getCause() instanceof RuntimeException runtime) {
        throw runtime;
      } else if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException(e.getCause());
    } finally {
      executor.shutdownNow();
      // Engines hold native memory: nobody goes on before the last is closed.
      awaitEnd(executor);
    }
  }

  private static void awaitEnd(ExecutorService executor) {
    boolean interrupted = false;
    while (true) {
      try {
        if (executor.awaitTermination(1, TimeUnit.DAYS)) {
          break;
        }
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
