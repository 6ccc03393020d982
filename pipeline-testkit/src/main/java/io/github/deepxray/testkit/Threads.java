package io.github.deepxray.testkit;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** Runs the same work on many threads in parallel. */
public enum Threads {
  /** Platform threads. */
  PLATFORM,
  /** Virtual threads; without support in Java, tests are skipped. */
  VIRTUAL;

  private static final long MOST_SECONDS = 120;

  /** Work of each thread. */
  @FunctionalInterface
  public interface Body {
    /**
     * Runs the work.
     *
     * @param thread the index, from 0
     */
    void run(int thread) throws Exception;
  }

  /** Runs the body on several threads that start together; rethrows the first failure. */
  public void run(int count, Body body) throws Exception {
    ExecutorService executor = executor(count);
    CountDownLatch begin = new CountDownLatch(1);
    List<Future<?>> futures = new ArrayList<>();
    try {
      for (int t = 0; t < count; t++) {
        int thread = t;
        futures.add(
            executor.submit(
                () -> {
                  begin.await();
                  body.run(thread);
                  return null;
                }));
      }
      begin.countDown();
      for (Future<?> future : futures) {
        future.get(MOST_SECONDS, TimeUnit.SECONDS);
      }
    } finally {
      executor.shutdown();
    }
  }

  private ExecutorService executor(int count) throws ReflectiveOperationException {
    if (this == PLATFORM) {
      return Executors.newFixedThreadPool(count);
    }
    Optional<Method> virtual =
        Arrays.stream(Executors.class.getMethods())
            .filter(method -> method.getName().equals("newVirtualThreadPerTaskExecutor"))
            .findFirst();
    assumeTrue(virtual.isPresent(), "this Java has no virtual threads");
    return (ExecutorService) virtual.orElseThrow().invoke(null);
  }
}
