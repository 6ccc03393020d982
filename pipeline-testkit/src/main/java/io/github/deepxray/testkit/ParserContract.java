package io.github.deepxray.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.core.DeepXrayException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * What a parser owes to bytes of unknown origin: it reads them, or it refuses them in one line, and
 * soon. It never throws anything else, runs out of stack or memory, or hangs.
 */
public final class ParserContract {
  private static final Duration MOST = Duration.ofSeconds(5);
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private ParserContract() {}

  /** Reads an input; what comes out is not looked at. */
  @FunctionalInterface
  public interface Parser {
    /** Fails as the parser does. */
    void parse(byte[] input) throws IOException, InterruptedException;
  }

  /**
   * Damages valid inputs in turn and gives them to a parser.
   *
   * @param ordinarily how many, unless {@link Mutations#inputs} says otherwise
   * @param seeds valid inputs
   * @throws AssertionError naming the seed and the number of the input that the parser fails on
   */
  public static void survivesDamage(Parser parser, int ordinarily, List<byte[]> seeds) {
    for (int i = 0; i < Mutations.inputs(ordinarily); i++) {
      int seed = i % seeds.size();
      byte[] input = Mutations.mutate(seeds.get(seed), new SplittableRandom(i));
      survives(parser, input, "damage " + i + " of seed " + seed);
    }
  }

  /**
   * Gives one input to a parser.
   *
   * @param what it is, for the message
   * @return the line in which the parser refuses it, if it does
   * @throws AssertionError if the parser fails on it otherwise
   */
  public static Optional<String> survives(Parser parser, byte[] input, String what) {
    // Not the time on the wall, of which other processes take their share.
    long start = THREADS.getCurrentThreadCpuTime();
    Optional<String> refusal = Optional.empty();
    try {
      parser.parse(input);
    } catch (DeepXrayException e) {
      assertThat(e.getMessage()).as(what).isNotBlank().doesNotContain("\n", "\r");
      refusal = Optional.of(e.getMessage());
    } catch (IOException e) {
      // The file system's business.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(what, e);
    } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
      throw new AssertionError(what + " (" + input.length + " bytes) ended in " + e, e);
    }
    Duration took = Duration.ofNanos(THREADS.getCurrentThreadCpuTime() - start);
    assertThat(took).as("the time that %s took", what).isLessThan(MOST);
    return refusal;
  }

  /**
   * Gives a parser an input that it should refuse.
   *
   * @param what it is, for the message
   * @return the line in which the parser refuses it
   * @throws AssertionError if it does not
   */
  public static String refuses(Parser parser, byte[] input, String what) {
    return survives(parser, input, what)
        .orElseThrow(() -> new AssertionError(what + " is not refused"));
  }
}
