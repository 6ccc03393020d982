package io.github.deepxray.core.internal.concurrent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
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
class CloseGuardTest {
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final CloseGuard guard = new CloseGuard("the engine");

  @AfterEach
  void end() {
    threads.shutdownNow();
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void nothingIsFreedWhileItIsUsedNorUsedOnceItIsFreed() throws Exception {
    AtomicBoolean freed = new AtomicBoolean();
    CountDownLatch inside = new CountDownLatch(4);
    List<Future<Integer>> users = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      users.add(
          threads.submit(
              () -> {
                int calls = 0;
                while (true) {
                  try {
                    calls +=
                        guard.use(
                            () -> {
                              assertThat(freed).isFalse();
                              inside.countDown();
                              Thread.onSpinWait();
                              assertThat(freed).isFalse();
                              return 1;
                            });
                  } catch (IllegalStateException e) {
                    assertThat(e).hasMessage("the engine is closed");
                    return calls;
                  }
                }
              }));
    }
    await(inside);
    guard.close(() -> freed.set(true));
    assertThat(freed).isTrue();
    int calls = 0;
    for (Future<Integer> user : users) {
      calls += user.get(30, TimeUnit.SECONDS);
    }
    assertThat(calls).isGreaterThanOrEqualTo(4);
  }

  @Test
  void closesOnceFromHoweverManyThreads() throws Exception {
    CountDownLatch freeing = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    AtomicInteger freed = new AtomicInteger();
    Future<?> first =
        threads.submit(
            () ->
                guard.close(
                    () -> {
                      freeing.countDown();
                      await(go);
                      freed.incrementAndGet();
                    }));
    await(freeing);
    Future<Integer> second =
        threads.submit(
            () -> {
              guard.close(freed::incrementAndGet);
              return freed.get();
            });
    assertThat(second.isDone()).isFalse();
    go.countDown();
    // It returned when the first was done.
    assertThat(second.get(30, TimeUnit.SECONDS)).isEqualTo(1);
    first.get(30, TimeUnit.SECONDS);
    guard.close(freed::incrementAndGet);
    assertThat(freed).hasValue(1);
  }

  @Test
  void staysClosedIfFreeingFails() {
    assertThatThrownBy(
            () ->
                guard.close(
                    () -> {
                      throw new UnsupportedOperationException("x");
                    }))
        .hasMessage("x");
    guard.close(() -> {});
    assertThatThrownBy(() -> guard.use(() -> 1)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void worksAloneInTheOrderOfArrival() throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    List<Integer> order = new ArrayList<>();
    List<Future<Boolean>> all = new ArrayList<>();
    all.add(
        threads.submit(
            () ->
                guard.alone(
                    () -> {
                      inside.countDown();
                      await(go);
                      return order.add(0);
                    })));
    await(inside);
    for (int t = 1; t <= 5; t++) {
      int number = t;
      CountDownLatch started = new CountDownLatch(1);
      Thread[] thread = new Thread[1];
      all.add(
          threads.submit(
              () -> {
                thread[0] = Thread.currentThread();
                started.countDown();
                return guard.alone(() -> order.add(number));
              }));
      await(started);
      while (thread[0].getState() != Thread.State.WAITING) {
        Thread.onSpinWait();
      }
    }
    go.countDown();
    for (Future<Boolean> one : all) {
      one.get(30, TimeUnit.SECONDS);
    }
    assertThat(order).containsExactly(0, 1, 2, 3, 4, 5);
  }

  @Test
  void anInterruptedThreadLearnsItAndStaysInterrupted() throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    Future<Integer> other =
        threads.submit(
            () ->
                guard.alone(
                    () -> {
                      inside.countDown();
                      await(go);
                      return 1;
                    }));
    await(inside);
    AtomicBoolean flag = new AtomicBoolean();
    Thread waiting =
        new Thread(
            () -> {
              assertThatThrownBy(() -> guard.alone(() -> 1))
                  .isInstanceOf(WorkInterruptedException.class);
              flag.set(Thread.currentThread().isInterrupted());
            });
    waiting.start();
    while (waiting.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    waiting.interrupt();
    waiting.join();
    assertThat(flag).isTrue();
    go.countDown();
    assertThat(other.get(30, TimeUnit.SECONDS)).isEqualTo(1);

    // While it works.
    assertThatThrownBy(
            () ->
                guard.use(
                    () -> {
                      Thread.currentThread().interrupt();
                      return 1;
                    }))
        .isInstanceOf(WorkInterruptedException.class);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(guard.alone(() -> 2)).isEqualTo(2);
  }
}
