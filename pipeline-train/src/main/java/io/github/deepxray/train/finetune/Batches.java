package io.github.deepxray.train.finetune;

import io.github.deepxray.core.concurrent.Workers;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.tensorflow.Tensors;
import io.github.deepxray.train.FineTuneSpec;
import io.github.deepxray.train.embedding.View;
import io.github.deepxray.train.loop.Objective;
import io.github.deepxray.train.loop.Shuffle;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;

/**
 * The batches of one epoch in random order, each image in one of its views. A thread of its own
 * reads the next ones while one is trained on; no more than {@value #AHEAD} are in memory.
 */
final class Batches implements AutoCloseable {
  private static final int AHEAD = 3;

  /** Some examples with the labels to learn and their weights. */
  static final class Batch {
    private final float[] examples;
    private final float[] targets;
    private final float[] weights;

    /** Takes the arrays over; there may be several targets an example. */
    Batch(float[] examples, float[] targets, float[] weights) {
      this.examples = examples;
      this.targets = targets;
      this.weights = weights;
    }

    int size() {
      return weights.length;
    }

    TFloat32 examples(Shape shape) {
      return Tensors.of(examples, shape);
    }

    TFloat32 targets() {
      int width = targets.length / size();
      return Tensors.of(targets, width == 1 ? Shape.of(size()) : Shape.of(size(), width));
    }

    TFloat32 weights() {
      return Tensors.of(weights, Shape.of(size()));
    }
  }

  private final FineTuneSpec spec;
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
   * Starts to read.
   *
   * @param exampleSize the number of values of an example
   */
  Batches(
      FineTuneSpec spec,
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
    int size = to - from;
    Batch batch =
        new Batch(
            new float[size * exampleSize], new float[size * objective.targets()], new float[size]);
    for (int i = 0; i < size; i++) {
      int image = order[from + i];
      View view = new View(views[from + i], spec.augmentation());
      source.read(image, view, batch.examples, i * exampleSize);
      Label label = source.images().get(image).label();
      objective.target(label, batch.targets, i * objective.targets());
      batch.weights[i] = objective.weight(label);
    }
    return batch;
  }

  /** The next batch; empty after the last. */
  Optional<Batch> next() throws IOException {
    if (ahead.isEmpty()) {
      return Optional.empty();
    }
    readAhead();
    return Optional.of(Workers.result(ahead.remove()));
  }

  /** Ends the thread. */
  @Override
  public void close() {
    reader.shutdownNow();
  }
}
