package io.github.deepxray.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkerPoolTest {
  @TempDir Path folder;
  private Versions versions;

  @BeforeEach
  void load() throws Exception {
    versions =
        new Versions(
            TinyBundle.write(folder.resolve("bundle"), 1),
            ServerOptions.DEFAULT.withWorkers(1),
            line -> {});
    versions.refresh();
  }

  @AfterEach
  void close() {
    versions.close();
  }

  private ModelVersion hold() {
    return versions.acquire(OptionalLong.empty()).orElseThrow();
  }

  /** InferenceTask that does something before it has one black image. */
  private static InferenceTask work(Runnable before) {
    return new InferenceTask() {
      @Override
      public ImageSource images(ModelVersion model) {
        before.run();
        return ImageSource.ofFloats(new float[TinyBundle.SIZE * TinyBundle.SIZE * 3], 1);
      }

      @Override
      public byte[] answer(ModelVersion model, List<float[][]> outputs, int worker) {
        return new byte[] {1};
      }
    };
  }

  /** The status of each job that ended: 200 or that of its error. */
  private final BlockingQueue<Integer> ends = new LinkedBlockingQueue<>();

  private WorkerPool.Job job(InferenceTask task, Duration deadline, boolean brokenReply) {
    return new WorkerPool.Job(
        hold(),
        task,
        System.nanoTime() + deadline.toNanos(),
        new WorkerPool.Reply() {
          @Override
          public void answer(byte[] body) {
            ends.add(200);
          }

          @Override
          public void fail(ApiException error) {
            ends.add(error.status());
            if (brokenReply) {
              throw new IllegalStateException("the connection is gone");
            }
          }
        });
  }

  private Integer end() throws InterruptedException {
    return ends.poll(60, TimeUnit.SECONDS);
  }

  @Test
  void aWorkerOutlivesWhateverGoesWrong() throws Exception {
    try (WorkerPool pool =
        new WorkerPool(
            1,
            10,
            new Metrics(List::of),
            failure -> {
              throw new IllegalStateException("the log is full", failure);
            })) {
      List<InferenceTask> tasks = new ArrayList<>();
      tasks.add(
          work(
              () -> {
                throw new StackOverflowError("made");
              }));
      tasks.add(
          work(
              () -> {
                throw new OutOfMemoryError("made");
              }));
      tasks.add(
          work(
              () -> {
                throw new IllegalArgumentException("made");
              }));
      for (InferenceTask task : tasks) {
        for (boolean broken : new boolean[] {true, false}) {
          assertThat(pool.offer(job(task, Duration.ofMinutes(1), broken))).isEmpty();
          assertThat(end()).isIn(500, 503);
        }
      }
      assertThat(pool.offer(job(work(() -> {}), Duration.ofMinutes(1), false))).isEmpty();
      assertThat(end()).isEqualTo(200);
      assertThat(pool.alive()).isTrue();
    }
    assertThat(ends).isEmpty();
  }

  @Test
  void whatWaitsTooLongIsAnsweredThoughAllWorkersAreBusy() throws Exception {
    CountDownLatch started = new CountDownLatch(1);
    CountDownLatch free = new CountDownLatch(1);
    try (WorkerPool pool = new WorkerPool(1, 10, new Metrics(List::of), failure -> {})) {
      InferenceTask busy =
          work(
              () -> {
                started.countDown();
                try {
                  free.await();
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              });
      assertThat(pool.offer(job(busy, Duration.ofMinutes(1), false))).isEmpty();
      started.await();
      assertThat(pool.offer(job(work(() -> {}), Duration.ofMillis(1), false))).isEmpty();
      assertThat(pool.offer(job(work(() -> {}), Duration.ofMinutes(1), false))).isEmpty();
      Thread.sleep(5);
      pool.refuseLate();
      assertThat(end()).isEqualTo(503);
      assertThat(pool.waiting()).isEqualTo(1);
      free.countDown();
      assertThat(List.of(end(), end())).containsExactly(200, 200);
    }
  }

  @Test
  void aClosedPoolIsUnavailable() {
    WorkerPool pool = new WorkerPool(1, 10, new Metrics(List::of), failure -> {});
    pool.close();
    WorkerPool.Job job = job(work(() -> {}), Duration.ofMinutes(1), false);
    assertThat(pool.offer(job)).get().extracting(ApiException::status).isEqualTo(503);
    assertThat(pool.alive()).isFalse();
  }

  @Test
  void aShareOfTheMemoryIsGivenBackOnce() {
    MemoryBudget budget = new MemoryBudget(100);
    MemoryBudget.Share share = budget.share();
    assertThat(share.grow(60)).isTrue();
    assertThat(share.grow(60)).isFalse();
    assertThat(budget.taken()).isEqualTo(60);
    share.close();
    share.close();
    // Its request is over; what comes late must not count for ever.
    assertThat(share.grow(10)).isFalse();
    assertThat(budget.taken()).isZero();
  }
}
