package io.github.deepxray.optimize.internal.quantize;

import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.internal.concurrent.Workers;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.optimize.internal.RepresentativeDataset;
import java.io.IOException;
import java.util.List;

/** Runs examples through models on several parallel engines. */
record ExampleRunner(EngineFactory engines, int cores) {
  /** Receives the outputs of one example; called by one thread per worker. */
  @FunctionalInterface
  interface Visitor {
    void visit(int worker, int example, float[] input, float[][] outputs);
  }

  /** One of several independent jobs. */
  @FunctionalInterface
  interface Job {
    void run() throws IOException;
  }

  /** Number of workers for a number of examples. */
  int workers(int examples) {
    return Math.max(1, Math.min(engines.parallelEngines(cores), examples));
  }

  /** Runs every example once; worker {@code w} of {@code n} takes each {@code n}th from w on. */
  void run(Model model, RepresentativeDataset examples, Visitor visitor) throws IOException {
    int count = workers(examples.size());
    Workers.run(
        count,
        (worker, workers) -> {
          try (InferenceEngine engine = engines.create(model, Math.max(1, cores / count))) {
            for (int i = worker; i < examples.size() && !workers.stopped(); i += count) {
              float[] input = examples.example(i);
              visitor.visit(worker, i, input, engine.run(input, 1));
            }
          }
        });
  }

  /** Runs the examples one after another on one engine. */
  void runSerially(Model model, RepresentativeDataset examples, Visitor visitor)
      throws IOException {
    try (InferenceEngine engine = engines.create(model, 1)) {
      for (int i = 0; i < examples.size(); i++) {
        float[] input = examples.example(i);
        visitor.visit(0, i, input, engine.run(input, 1));
      }
    }
  }

  /** Runs all jobs, as many in parallel as the engine recommends. */
  void runAll(List<Job> jobs) throws IOException {
    int count = workers(jobs.size());
    Workers.run(
        count,
        (worker, workers) -> {
          for (int i = worker; i < jobs.size() && !workers.stopped(); i += count) {
            jobs.get(i).run();
          }
        });
  }
}
