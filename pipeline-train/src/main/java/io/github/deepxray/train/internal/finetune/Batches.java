package io.github.deepxray.train.internal.finetune;

import io.github.deepxray.core.internal.concurrent.Workers;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.train.internal.embedding.View;
import io.github.deepxray.train.internal.loop.Batch;
import io.github.deepxray.train.internal.loop.Objective;
import io.github.deepxray.train.internal.loop.Shuffle;
import io.github.deepxray.train.recipe.FineTuningRecipe;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Batches of one epoch in random order, each image in one of its views. A background thread reads
 * ahead up to {@value #AHEAD} batches.
 */
final class Batches implements AutoCloseable {
  private static final int AHEAD = 3;

  private final FineTuningRecipe spec;
  private final Source source;
  private final int exampleSize;
  private final Objective objective;
  private final int[] order;
  private final int[] views;
  private final ExecutorService reader =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread thread = new Thread(task, "batches");
            thread.setDaemon(true);
            return thread;
          });
  private final Deque<Future<Batch>> ahead = new ArrayDeque<>();
  private int next;

  /**
   * Starts the background thread.
   *
   * @param exampleSize number of values of an example
   */
  Batches(
      FineTuningRecipe spec,
      Source source,
      int exampleSize,
      Objective objective,
      SplittableRandom random) {
    this.spec = spec;
    this.source = source;
    this.exampleSize = exampleSize;
    this.objective = objective;
    order = Shuffle.order(source.images().size(), random);
    views = new int[order.length];
    for (int i = 0; i < views.length; i++) {
      views[i] = random.nextInt(spec.views());
    }
    for (int i = 0; i < AHEAD - 1; i++) {
      readAhead();
    }
  }

  private void readAhead() {
    if (next < order.length) {
      int from = next;
      next = Math.min(order.length, from + spec.batchSize());
      int to = next;
      ahead.add(reader.submit(() -> read(from, to)));
    }
  }

  private Batch read(int from, int to) throws IOException {
    float[] examples = new float[(to - from) * exampleSize];
    List<Label> labels = new ArrayList<>();
    for (int i = from; i < to; i++) {
      View view = new View(views[i], spec.augmentation());
      source.read(order[i], view, examples, (i - from) * exampleSize);
      labels.add(source.images().get(order[i]).label());
    }
    return Batch.of(objective, labels, examples);
  }

  /** Returns the next batch; empty after the last. */
  Optional<Batch> next() throws IOException {
    if (ahead.isEmpty()) {
      return Optional.empty();
    }
    readAhead();
    return Optional.of(Workers.result(ahead.remove()));
  }

  /** Stops the background thread. */
  @Override
  public void close() {
    reader.shutdownNow();
  }
}
