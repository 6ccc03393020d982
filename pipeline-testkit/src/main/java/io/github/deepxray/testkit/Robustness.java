package io.github.deepxray.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.github.deepxray.core.DeepXrayException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Checks that readers of untrusted files return a value or fail with a one-line message. */
public final class Robustness {
  private static final long MOST_SECONDS = 5;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private Robustness() {}

  /** Reading under test. */
  @FunctionalInterface
  public interface Reading {
    /** Reads the input and discards the result. */
    void run() throws IOException;
  }

  /**
   * Checks the reading of damaged input. It must succeed, or fail with an {@link IOException} or a
   * one-line {@link DeepXrayException} without texts of a parser, within 5 seconds of CPU time.
   *
   * @param input the description of the input, for messages
   * @param mostBytes the limit of allocated memory
   * @return whether the reading succeeded
   */
  public static boolean check(Supplier<String> input, long mostBytes, Reading reading) {
    long before = THREADS.getThreadAllocatedBytes(Thread.currentThread().getId());
    long start = THREADS.getCurrentThreadCpuTime();
    boolean read = false;
    try {
      reading.run();
      read = true;
    } catch (DeepXrayException e) {
      assertThat(e.getMessage())
          .as("%s", input.get())
          .matches("[^\\p{Cntrl}]{1,2000}")
          .doesNotContainPattern("fasterxml|snakeyaml|java\\.|Exception|io\\.github|through ref");
    } catch (IOException e) {
      // Such as a name that is invalid on the file system.
    } catch (RuntimeException | Error e) {
      throw new AssertionError(e + " for " + input.get(), e);
    }
    long seconds = TimeUnit.NANOSECONDS.toSeconds(THREADS.getCurrentThreadCpuTime() - start);
    long bytes = THREADS.getThreadAllocatedBytes(Thread.currentThread().getId()) - before;
    assertThat(seconds).as("seconds for %s", input.get()).isLessThan(MOST_SECONDS);
    assertThat(bytes).as("bytes for %s", input.get()).isLessThan(mostBytes);
    return read;
  }
}
