package io.github.deepxray.testkit;

import io.github.deepxray.core.DeepXrayException;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Contract of parsers of untrusted bytes: they read them or reject them with a one-line message,
 * see {@link Robustness}.
 */
public final class ParserContract {
  private static final long MOST_BYTES = 1L << 30;

  private ParserContract() {}

  /** Parser under test; the result is ignored. */
  @FunctionalInterface
  public interface Parser {
    /** Parses an input and throws the parser's exceptions. */
    void parse(byte[] input) throws IOException, InterruptedException;
  }

  /**
   * Runs a parser on damaged inputs.
   *
   * @param ordinarily the default number of inputs, see {@link Mutations#inputs}
   * @param seeds valid inputs
   * @throws AssertionError if the parser fails; the message has the seed and the number of the
   *     input
   */
  public static void survivesDamage(Parser parser, int ordinarily, List<byte[]> seeds) {
    for (int i = 0; i < Mutations.inputs(ordinarily); i++) {
      int seed = i % seeds.size();
      byte[] input = Mutations.mutate(seeds.get(seed), new SplittableRandom(i));
      survives(parser, input, "damage " + i + " of seed " + seed);
    }
  }

  /**
   * Runs a parser on one input.
   *
   * @param what the description of the input, for messages
   * @return the message of the rejection, if the input is rejected
   * @throws AssertionError if the parser fails in another way
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
   * Runs a parser on an input that it must reject.
   *
   * @param what the description of the input, for messages
   * @return the message of the rejection
   * @throws AssertionError if the input is not rejected
   */
  public static String refuses(Parser parser, byte[] input, String what) {
    return survives(parser, input, what)
        .orElseThrow(() -> new AssertionError(what + " is not refused"));
  }
}
