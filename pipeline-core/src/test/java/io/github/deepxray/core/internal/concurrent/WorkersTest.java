package io.github.deepxray.core.internal.concurrent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class WorkersTest {
  @Test
  void everyThreadRunsOnceAndAllAtTheSameTime() throws IOException {
    AtomicIntegerArray seen = new AtomicIntegerArray(4);
    CountDownLatch together = new CountDownLatch(4);
    Workers.run(
        4,
        (worker, workers) -> {
          seen.incrementAndGet(worker);
          together.countDown();
          try {
            assertThat(together.await(30, TimeUnit.SECONDS)).isTrue();
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
        });
    assertThat(seen.toString()).isEqualTo("[1, 1, 1, 1]");
  }

  @Test
  void aFailureStopsTheOthersAndIsThrownWhenTheyHaveEnded() {
    AtomicInteger ended = new AtomicInteger();
    assertThatThrownBy(
            () ->
                Workers.run(
                    3,
                    (worker, workers) -> {
                      if (worker == 1) {
                        throw new IOException("disk full");
                      }
                      while (!workers.stopped()) {
                        Thread.onSpinWait();
                      }
                      ended.incrementAndGet();
                    }))
        .isInstanceOf(IOException.class)
        .hasMessage("disk full");
    assertThat(ended).hasValue(2);
  }

  @Test
  void runtimeExceptionsAndErrorsKeepTheirType() {
    assertThatThrownBy(
            () ->
                Workers.run(
                    1,
                    (worker, workers) -> {
                      throw new IllegalArgumentException("x");
                    }))
        .isExactlyInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () ->
                Workers.run(
                    1,
                    (worker, workers) -> {
                      throw new StackOverflowError("y");
                    }))
        .isExactlyInstanceOf(StackOverflowError.class);
  }

  @Test
  void anInterruptedCallerWaitsForTheWorkersAndStaysInterrupted() {
    AtomicInteger ended = new AtomicInteger();
    Thread.currentThread().interrupt();
    assertThatThrownBy(
            () ->
                Workers.run(
                    1,
                    (worker, workers) -> {
                      while (!workers.stopped()) {
                        Thread.onSpinWait();
                      }
                      ended.incrementAndGet();
                    }))
        .isInstanceOf(WorkInterruptedException.class);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(ended).hasValue(1);
  }
}
