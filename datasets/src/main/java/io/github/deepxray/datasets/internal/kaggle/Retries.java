package io.github.deepxray.datasets.internal.kaggle;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.concurrent.WorkInterruptedException;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * How often and after what time something that failed is tried again. The wait doubles with every
 * failure; half of it is left to chance, so that many clients do not come back at once.
 *
 * @param attempts how many failures in a row end it, 1 or more
 * @param first the wait after the first failure
 * @param longest the longest wait that doubling leads to
 * @param patience the longest wait that a server may ask for
 * @param stall how long a connection may stay silent before it counts as broken
 */
public record Retries(
    int attempts, Duration first, Duration longest, Duration patience, Duration stall) {
  /** Six attempts, waits of 1 to 60 seconds, 10 minutes if asked for, one minute of silence. */
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
      throw new IllegalArgumentException("attempts is at least 1, not " + attempts);
    }
  }

  /** Something that may fail for a while. */
  @FunctionalInterface
  interface Attempt<T> {
    T run() throws IOException;
  }

  /** How far something is; an attempt that brought it on begins the count anew. */
  @FunctionalInterface
  interface Headway {
    long reached() throws IOException;
  }

  /** A failure after which the same may succeed. */
  static final class TransientException extends IOException {
    private static final long serialVersionUID = 1L;

    private final transient Optional<Duration> wait;

    TransientException(String message) {
      this(message, Optional.empty());
    }

    /** A failure of a server that says when to come back. */
    TransientException(String message, Optional<Duration> wait) {
      super(message);
      this.wait = wait;
    }
  }

  /**
   * Tries until it succeeds.
   *
   * @param what is done, for the message
   * @throws DeepXrayException if it fails too often, or the server asks for more patience
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
              "%s failed %s times: %s; try again later, it goes on where it stopped."
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

  /** Less than this is no headway: a server that lets a few bytes through each time is broken. */
  private static final long HEADWAY = 1 << 20;

  private Duration wait(int failures) {
    double doubled = (double) first.toMillis() * Math.pow(2, failures - 1.0);
    double capped = Math.min(doubled, (double) longest.toMillis());
    return Duration.ofMillis(
        Math.round(capped * (0.5 + ThreadLocalRandom.current().nextDouble() / 2)));
  }
}
