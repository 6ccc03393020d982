package io.github.deepxray.testkit;

import io.github.deepxray.core.DeepXrayException;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;

/**
 * What a parser owes to bytes of unknown origin: it reads them, or it refuses them in one line, see
 * {@link Robustness}.
 */
public final class ParserContract {
  private static final long MOST_BYTES = 1L << 30;

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
    AtomicReference<String> refusal = new AtomicReference<>();
    Robustness.check(
        () -> what + " (" + input.length + " bytes)",
        MOST_BYTES,
        () -> {
          try {
            parser.parse(input);
          } catch (DeepXrayException e) {
            refusal.set(e.getMessage());
            throw e;
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(what, e);
          }
        });
    return Optional.ofNullable(refusal.get());
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
