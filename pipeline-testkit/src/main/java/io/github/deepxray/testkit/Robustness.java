package io.github.deepxray.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.github.deepxray.core.DeepXrayException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Checks that what reads files from outside gives a value or says in a line why it does not. */
public final class Robustness {
  private static final long MOST_SECONDS = 5;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private Robustness() {}

  /** What reads. */
  @FunctionalInterface
  public interface Reading {
    /** Reads, and throws away what was read. */
    void run() throws IOException;
  }

  /**
   * Lets something read damaged input. It may succeed, or fail with an {@link IOException} or a
   * {@link DeepXrayException} of one line without the words of a parser; nothing else, and within 5
   * seconds of the processor's time, which does not depend on what else the machine does.
   *
   * @param input what is read, for the message
   * @param mostBytes how much memory it may ask for, all objects counted
   * @return whether it succeeded
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
      // Such as a name that the file system does not have.
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
