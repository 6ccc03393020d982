package io.github.deepxray.tflite.internal;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.testkit.Mutations;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Loads and runs damaged files in a process of its own, which some may end: {@code FuzzedFiles
 * <folder> <first> <count>}.
 *
 * <p>Says in {@code <folder>/at} which input is at hand, leaves it in {@code <folder>/input}, and
 * says at the end in {@code <folder>/done} how many were refused.
 */
public final class FuzzedFiles {
  private static final long LONGEST_NANOS = 20_000_000_000L;
  private static final int MOST_VALUES = 1 << 20;

  private FuzzedFiles() {}

  /** Runs inputs one after another. */
  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    int first = Integer.parseInt(arguments[1]);
    int count = Integer.parseInt(arguments[2]);
    List<byte[]> seeds = SeedFiles.all();
    int refused = 0;
    for (int input = first; input < first + count; input++) {
      write(folder.resolve("at"), Integer.toString(input));
      byte[] file = file(seeds, input);
      Files.write(folder.resolve("input"), file);
      long start = System.nanoTime();
      refused += run(file, input % 2 == 0) ? 0 : 1;
      if (System.nanoTime() - start > LONGEST_NANOS) {
        throw new AssertionError("input " + input + " took too long");
      }
    }
    write(folder.resolve("done"), Integer.toString(refused));
  }

  /** The damaged file of that number. */
  private static byte[] file(List<byte[]> seeds, int input) {
    SplittableRandom random = new SplittableRandom(input);
    byte[] seed = seeds.get(random.nextInt(seeds.size()));
    return random.nextInt(4) == 0
        ? Mutations.mutate(seed, random)
        : new TableMutations(random).mutate(seed);
  }

  /** Whether the file ran; otherwise it was refused. */
  private static boolean run(byte[] file, boolean delegate) {
    try (TfLiteEngine engine = TfLiteEngine.load(file, new TfLiteEngine.Options(1, delegate))) {
      long values =
          engine.inputShape().stream().mapToLong(Integer::longValue).reduce(1, (a, b) -> a * b);
      float[] input = new float[(int) Math.min(values, MOST_VALUES)];
      Arrays.fill(input, 0.5f);
      if (input.length == values) {
        engine.run(input, 1);
      }
      return true;
    } catch (DeepXrayException e) {
      if (e.getMessage().lines().count() != 1) {
        throw new AssertionError("more than a line: " + e.getMessage(), e);
      }
      return false;
    }
  }

  private static void write(Path file, String text) throws IOException {
    Files.writeString(file, text, StandardCharsets.UTF_8);
  }
}
