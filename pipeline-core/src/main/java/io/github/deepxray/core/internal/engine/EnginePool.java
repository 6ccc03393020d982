package io.github.deepxray.core.internal.engine;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.internal.concurrent.CloseGuard;
import io.github.deepxray.core.internal.concurrent.WorkInterruptedException;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;

/**
 * Engines of one model that any number of threads share, each borrowed for a call. There are at
 * most as many as keep the processor's cores busy, {@link InferenceEngine#parallelEngines}; they
 * are made when they are first needed, and who finds all of them in use waits in the order in which
 * he came.
 */
public final class EnginePool implements AutoCloseable {
  /** An engine, with what it reads. */
  private static final class Seat {
    private final InferenceEngine engine;
    private final float[] input;

    Seat(InferenceEngine engine, float[] input) {
      this.engine = engine;
      this.input = input;
    }
  }

  private final CloseGuard guard;
  private final InferenceEngine first;

  /** As many as engines may still be used; never fewer than there are. */
  private final Semaphore permits;

  // The last first: its memory is most likely in the processor's caches.
  private final Deque<Seat> idle = new ConcurrentLinkedDeque<>();
  private final Queue<InferenceEngine> engines = new ConcurrentLinkedQueue<>();

  /**
   * Takes an engine over; it is closed if there is no memory for its input.
   *
   * @param engine the first; others are made of it where it can do so
   * @param what how messages name the pool, such as {@code the classifier}
   */
  public EnginePool(InferenceEngine engine, String what) {
    int most = Math.max(1, engine.parallelEngines(Runtime.getRuntime().availableProcessors()));
    guard = new CloseGuard(what);
    permits = new Semaphore(most, true);
    first = engine;
    engines.add(engine);
    try {
      idle.add(new Seat(engine, input()));
    } catch (RuntimeException | Error e) {
      engine.close();
      throw e;
    }
  }

  private float[] input() {
    return new float[inputShape().stream().reduce(1, Math::multiplyExact)];
  }

  /** The input's shape, as of the engines. */
  public List<Integer> inputShape() {
    return first.inputShape();
  }

  /**
   * Runs the model on one example.
   *
   * @param example writes it into what the engine reads
   * @return as of {@link InferenceEngine#run}
   * @throws IllegalStateException if the pool is closed
   * @throws WorkInterruptedException if the thread is interrupted while it waits or works
   */
  public float[][] run(Consumer<float[]> example) {
    return guard.use(
        () -> {
          Seat seat = borrow();
          try {
            example.accept(seat.input);
            return seat.engine.run(seat.input, 1);
          } finally {
            // In this order: who has a permit finds an engine, or may make one.
            idle.push(seat);
            permits.release();
          }
        });
  }

  private Seat borrow() {
    while (true) {
      try {
        permits.acquire();
      } catch (InterruptedException e) {
        throw new WorkInterruptedException(e);
      }
      try {
        Optional<Seat> seat = Optional.ofNullable(idle.poll()).or(this::grow);
        if (seat.isPresent()) {
          return seat.get();
        }
      } catch (RuntimeException | Error e) {
        permits.release();
        throw e;
      }
      // There can be no more engines: the permit is not given back, and there is one for each.
    }
  }

  private Optional<Seat> grow() {
    try {
      float[] input = input();
      Optional<InferenceEngine> more = first.another();
      more.ifPresent(engines::add);
      return more.map(engine -> new Seat(engine, input));
    } catch (DeepXrayException e) {
      // No memory for another: those that are there must do.
      return Optional.empty();
    }
  }

  /** Waits for the calls that have come, then closes all engines; further calls do nothing. */
  @Override
  public void close() {
    guard.close(() -> engines.forEach(InferenceEngine::close));
  }
}
