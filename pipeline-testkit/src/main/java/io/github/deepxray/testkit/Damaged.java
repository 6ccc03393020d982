package io.github.deepxray.testkit;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Damages a file again and again and lets something read it each time. */
public final class Damaged {
  /** How many inputs of a kind are tried, unless the system property says otherwise. */
  private static final int ORDINARILY = 200;

  private Damaged() {}

  /**
   * Tries a file of JSON: half of the inputs are damaged where the structure says, half in their
   * bytes. The file is as it was afterwards.
   *
   * @param mostBytes how much memory one reading may ask for, see {@link Robustness#check}
   * @return how many inputs were read
   */
  public static int json(Path file, long mostBytes, Robustness.Reading reading) throws IOException {
    byte[] good = Files.readAllBytes(file);
    String json = new String(good, StandardCharsets.UTF_8);
    return each(
        file,
        good,
        mostBytes,
        reading,
        random ->
            random.nextBoolean()
                ? JsonMutations.mutate(json, random).getBytes(StandardCharsets.UTF_8)
                : Mutations.mutate(good, random));
  }

  /**
   * Tries a file of which only the bytes are damaged. It is as it was afterwards.
   *
   * @param mostBytes how much memory one reading may ask for, see {@link Robustness#check}
   * @return how many inputs were read
   */
  public static int bytes(Path file, long mostBytes, Robustness.Reading reading)
      throws IOException {
    byte[] good = Files.readAllBytes(file);
    return each(file, good, mostBytes, reading, random -> Mutations.mutate(good, random));
  }

  @FunctionalInterface
  private interface Damage {
    byte[] by(SplittableRandom random);
  }

  private static int each(
      Path file, byte[] good, long mostBytes, Robustness.Reading reading, Damage damage)
      throws IOException {
    // What is not damaged must be read.
    reading.run();
    int inputs = Mutations.inputs(ORDINARILY);
    int read = 0;
    List<AssertionError> faults = new ArrayList<>();
    try {
      for (int i = 0; i < inputs; i++) {
        byte[] bytes = damage.by(new SplittableRandom(i));
        Files.write(file, bytes);
        int number = i;
        try {
          read += Robustness.check(() -> describe(file, number, bytes), mostBytes, reading) ? 1 : 0;
        } catch (AssertionError e) {
          faults.add(e);
        }
      }
    } finally {
      Files.write(file, good);
    }
    if (!faults.isEmpty()) {
      AssertionError first = faults.get(0);
      throw new AssertionError(
          faults.size() + " of " + inputs + " inputs went wrong, the first: " + first.getMessage(),
          first);
    }
    return read;
  }

  private static String describe(Path file, int number, byte[] bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    return file.getFileName()
        + " damaged with the seed "
        + number
        + ": "
        + text.substring(0, Math.min(text.length(), 5000));
  }
}
