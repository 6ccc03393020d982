package io.github.deepxray.core.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.internal.concurrent.WorkInterruptedException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class EnginePoolTest {
  private final ExecutorService threads = Executors.newCachedThreadPool();

  /** All engines of the model that were made. */
  private final List<Doubling> made = new CopyOnWriteArrayList<>();

  @AfterEach
  void end() {
    threads.shutdownNow();
  }

  /** Doubles a number, and fails if two threads use it or it is closed. */
  private final class Doubling implements InferenceEngine {
    private final int parallel;
    private final int most;
    private final AtomicBoolean used = new AtomicBoolean();
    private final AtomicInteger closed = new AtomicInteger();

    /**
     * Makes one.
     *
     * @param parallel how many keep the cores busy
     * @param most how many there is memory for
     */
    Doubling(int parallel, int most) {
      this.parallel = parallel;
      this.most = most;
      made.add(this);
    }

    @Override
    public List<Integer> inputShape() {
      return List.of(1);
    }

    @Override
    public List<List<Integer>> outputShapes() {
      return List.of(List.of(1));
    }

    @Override
    public int preferredBatch() {
      return 1;
    }

    @Override
    public int parallelEngines(int cores) {
      return parallel;
    }

    @Override
    public Optional<InferenceEngine> another() {
      if (made.size() >= most) {
        throw new DeepXrayException("no memory");
      }
      return Optional.of(new Doubling(parallel, most));
    }

    @Override
    public float[][] run(float[] input, int count) {
      assertThat(used.compareAndSet(false, true)).isTrue();
      assertThat(closed).hasValue(0);
      float doubled = 2 * input[0];
      Thread.onSpinWait();
      assertThat(2 * input[0]).isEqualTo(doubled);
      used.set(false);
      return new float[][] {{doubled}};
    }

    @Override
    public void close() {
      closed.incrementAndGet();
    }
  }

  private void assertDoublesForManyThreads(EnginePool pool) throws Exception {
    List<Future<?>> all = new ArrayList<>();
    for (int t = 0; t < 32; t++) {
      int number = t;
      all.add(
          threads.submit(
              () -> {
                for (int i = 0; i < 200; i++) {
                  assertThat(pool.run(input -> input[0] = number)[0][0]).isEqualTo(2f * number);
                }
              }));
    }
    for (Future<?> one : all) {
      one.get(30, TimeUnit.SECONDS);
    }
  }

  @Test
  void lendsEachEngineToOneThread() throws Exception {
    try (EnginePool pool = new EnginePool(new Doubling(3, 100), "the pool")) {
      assertThat(made).hasSize(1);
      assertDoublesForManyThreads(pool);
    }
    assertThat(made).hasSizeBetween(1, 3).allMatch(engine -> engine.closed.get() == 1);
  }

  @Test
  void makesAsManyEnginesAsAreNeededAtOnce() throws Exception {
    try (EnginePool pool = new EnginePool(new Doubling(3, 100), "the pool")) {
      pool.run(input -> input[0] = 1);
      pool.run(input -> input[0] = 1);
      assertThat(made).hasSize(1);
      CountDownLatch together = new CountDownLatch(3);
      List<Future<?>> all = new ArrayList<>();
      for (int t = 0; t < 3; t++) {
        all.add(threads.submit(() -> pool.run(input -> meet(together))));
      }
      for (Future<?> one : all) {
        one.get(30, TimeUnit.SECONDS);
      }
      assertThat(made).hasSize(3);
    }
  }

  private static void meet(CountDownLatch latch) {
    latch.countDown();
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void makesDoWithTheEnginesThatThereIsMemoryFor() throws Exception {
    try (EnginePool pool = new EnginePool(new Doubling(8, 2), "the pool")) {
      assertDoublesForManyThreads(pool);
      assertDoublesForManyThreads(pool);
    }
    assertThat(made).hasSizeBetween(1, 2).allMatch(engine -> engine.closed.get() == 1);
  }

  @Test
  void servesThoseThatWaitInTheOrderInWhichTheyCame() throws Exception {
    try (EnginePool pool = new EnginePool(new Doubling(1, 1), "the pool")) {
      CountDownLatch inside = new CountDownLatch(1);
      CountDownLatch go = new CountDownLatch(1);
      Future<?> first =
          threads.submit(
              () ->
                  pool.run(
                      input -> {
                        inside.countDown();
                        meetAt(go);
                      }));
      assertThat(inside.await(30, TimeUnit.SECONDS)).isTrue();
      List<Integer> order = new CopyOnWriteArrayList<>();
      List<Thread> waiting = new ArrayList<>();
      for (int t = 0; t < 5; t++) {
        int number = t;
        Thread thread = new Thread(() -> pool.run(input -> order.add(number)));
        thread.start();
        while (thread.getState() != Thread.State.WAITING) {
          Thread.onSpinWait();
        }
        waiting.add(thread);
      }
      // One that goes away does not hold up the others.
      waiting
          .get(2)
          .setUncaughtExceptionHandler(
              (thread, e) -> assertThat(e).isInstanceOf(WorkInterruptedException.class));
      waiting.get(2).interrupt();
      waiting.get(2).join();
      go.countDown();
      for (Thread thread : waiting) {
        thread.join();
      }
      first.get(30, TimeUnit.SECONDS);
      assertThat(order).containsExactly(0, 1, 3, 4);
    }
  }

  private static void meetAt(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void anExampleThatFailsCostsNoEngine() {
    try (EnginePool pool = new EnginePool(new Doubling(2, 2), "the pool")) {
      for (int i = 0; i < 5; i++) {
        assertThatThrownBy(
                () ->
                    pool.run(
                        input -> {
                          throw new UnsupportedOperationException("x");
                        }))
            .hasMessage("x");
      }
      assertThat(pool.run(input -> input[0] = 4)[0]).containsExactly(8);
      assertThat(made).hasSize(1);
    }
  }

  @Test
  void refusesWorkOnceItIsClosed() {
    EnginePool pool = new EnginePool(new Doubling(2, 2), "the pool");
    pool.close();
    pool.close();
    assertThat(made.get(0).closed).hasValue(1);
    assertThatThrownBy(() -> pool.run(input -> {}))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the pool is closed");
  }
}
