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
 * Pool of engines of one model, shared by any number of threads; each call borrows an engine. The
 * pool creates engines on demand, at most {@link InferenceEngine#parallelEngines}; if all are in
 * use, threads wait in the order of arrival.
 */
public final class EnginePool implements AutoCloseable {
  /** Engine with its input array. */
  private static final class PooledEngine {
    private final InferenceEngine engine;
    private final float[] input;

    PooledEngine(InferenceEngine engine, float[] input) {
      this.engine = engine;
      this.input = input;
    }
  }

  private final CloseGuard guard;
  private final InferenceEngine first;

  /** Permits for the engines that may still be borrowed; at least as many as idle engines. */
  private final Semaphore permits;

  // Last in, first out: the memory of the last engine is most likely in the processor's caches.
  private final Deque<PooledEngine> idle = new ConcurrentLinkedDeque<>();
  private final Queue<InferenceEngine> engines = new ConcurrentLinkedQueue<>();

  /**
   * Creates a pool that owns the engine; the engine is closed if there is no memory for its input.
   *
   * @param engine the first engine; more are created from it if it supports that
   * @param what the name of the pool in messages, such as {@code the classifier}
   */
  public EnginePool(InferenceEngine engine, String what) {
    int most = Math.max(1, engine.parallelEngines(Runtime.getRuntime().availableProcessors()));
    guard = new CloseGuard(what);
    permits = new Semaphore(most, true);
    first = engine;
    engines.add(engine);
    try {
      idle.add(new PooledEngine(engine, input()));
    } catch (RuntimeException | Error e) {
      engine.close();
      throw e;
    }
  }

  private float[] input() {
    return new float[inputShape().stream().reduce(1, Math::multiplyExact)];
  }

  /** Shape of the engines' input. */
  public List<Integer> inputShape() {
    return first.inputShape();
  }

  /**
   * Runs the model on one example.
   *
   * @param example writes the example into the engine's input
   * @return as of {@link InferenceEngine#run}
   * @throws IllegalStateException if the pool is closed
   * @throws WorkInterruptedException if the thread is interrupted while it waits or works
   */
  public float[][] run(Consumer<float[]> example) {
    return guard.use(
        () -> {
          PooledEngine pooled = borrow();
          try {
            example.accept(pooled.input);
            return pooled.engine.run(pooled.input, 1);
          } finally {
            // In this order: a thread with a permit finds an engine or may create one.
            idle.push(pooled);
            permits.release();
          }
        });
  }

  private PooledEngine borrow() {
    while (true) {
      try {
        permits.acquire();
      } catch (InterruptedException e) {
        throw new WorkInterruptedException(e);
      }
      try {
        Optional<PooledEngine> pooled = Optional.ofNullable(idle.poll()).or(this::grow);
        if (pooled.isPresent()) {
          return pooled.get();
        }
      } catch (RuntimeException | Error e) {
        permits.release();
        throw e;
      }
      // No more engines can be created: the permit is dropped, so that each engine has one.
    }
  }

  private Optional<PooledEngine> grow() {
    try {
      float[] input = input();
      Optional<InferenceEngine> more = first.another();
      more.ifPresent(engines::add);
      return more.map(engine -> new PooledEngine(engine, input));
    } catch (DeepXrayException e) {
      // Not enough memory for another engine; the existing ones are used.
      return Optional.empty();
    }
  }

  /** Waits for pending calls, then closes all engines. */
  @Override
  public void close() {
    guard.close(() -> engines.forEach(InferenceEngine::close));
  }
}
