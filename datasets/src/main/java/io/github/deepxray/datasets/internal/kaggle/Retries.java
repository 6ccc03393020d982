package io.github.deepxray.datasets.internal.kaggle;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.concurrent.WorkInterruptedException;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Retry policy with exponential backoff and jitter. The wait doubles with every failure; half of it
 * is random, so that clients do not retry at the same time.
 *
 * @param attempts the number of consecutive failures that ends it, 1 or more
 * @param first the wait after the first failure
 * @param longest the longest wait from doubling
 * @param patience the longest wait that a server may request
 * @param stall the time without data after which a connection counts as broken
 */
public record Retries(
    int attempts, Duration first, Duration longest, Duration patience, Duration stall) {
  /** Six attempts, waits of 1 to 60 seconds, 10 minutes on request, one minute without data. */
  public static final Retries DEFAULT =
      new Retries(
          6,
          Duration.ofSeconds(1),
          Duration.ofSeconds(60),
          Duration.ofMinutes(10),
          Duration.ofSeconds(60));

  /** Checks that there is at least one attempt. */
  public Retries {
    if (attempts < 1) {
      throw new IllegalArgumentException("attempts must be at least 1, not " + attempts);
    }
  }

  /** Work that may fail temporarily. */
  @FunctionalInterface
  interface Attempt<T> {
    T run() throws IOException;
  }

  /** Progress counter; an attempt that made progress resets the count of failures. */
  @FunctionalInterface
  interface Headway {
    long reached() throws IOException;
  }

  /** Failure after which a retry may succeed. */
  static final class TransientException extends IOException {
    private static final long serialVersionUID = 1L;

    private final transient Optional<Duration> wait;

    TransientException(String message) {
      this(message, Optional.empty());
    }

    /** Creates a failure with the wait that the server requested. */
    TransientException(String message, Optional<Duration> wait) {
      super(message);
      this.wait = wait;
    }
  }

  /**
   * Repeats the attempt until it succeeds.
   *
   * @param what the name of the work, for messages
   * @throws DeepXrayException if it fails too often, or the server requests a longer wait
   */
  <T> T run(String what, Headway headway, Attempt<T> attempt) throws IOException {
    int failures = 0;
    while (true) {
      long before = headway.reached();
      try {
        return attempt.run();
      } catch (TransientException e) {
        failures = headway.reached() - before >= HEADWAY ? 1 : failures + 1;
        Optional<Duration> asked = e.wait;
        if (asked.isPresent() && asked.get().compareTo(patience) > 0) {
          throw new DeepXrayException(
              "%s failed: %s; try again in %s s."
                  .formatted(what, e.getMessage(), asked.get().toSeconds()),
              e);
        } else if (failures >= attempts) {
          throw new DeepXrayException(
              "%s failed %s times: %s; try again later, it continues where it stopped."
                  .formatted(what, failures, e.getMessage()),
              e);
        }
        sleep(asked.orElse(wait(failures)));
      }
    }
  }

  private static void sleep(Duration wait) {
    try {
      Thread.sleep(wait.toMillis());
    } catch (InterruptedException e) {
      throw new WorkInterruptedException(e);
    }
  }

  /**
   * Smallest progress that resets the count: a server that sends only a few bytes each time is
   * broken.
   */
  private static final long HEADWAY = 1 << 20;

  private Duration wait(int failures) {
    double doubled = (double) first.toMillis() * Math.pow(2, failures - 1.0);
    double capped = Math.min(doubled, (double) longest.toMillis());
    return Duration.ofMillis(
        Math.round(capped * (0.5 + ThreadLocalRandom.current().nextDouble() / 2)));
  }
}
