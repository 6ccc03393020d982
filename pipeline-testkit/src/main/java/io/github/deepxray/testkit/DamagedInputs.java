package io.github.deepxray.testkit;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Damages a file repeatedly and reads it each time. */
public final class DamagedInputs {
  /** Default number of inputs of a kind. */
  private static final int ORDINARILY = 200;

  private DamagedInputs() {}

  /**
   * Tests damaged copies of a JSON file: half of them with structural damage, half with damaged
   * bytes. The file is restored afterwards.
   *
   * @param mostBytes the memory limit of one reading, see {@link Robustness#check}
   * @return the number of inputs that were read
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
   * Tests copies of a file with damaged bytes. The file is restored afterwards.
   *
   * @param mostBytes the memory limit of one reading, see {@link Robustness#check}
   * @return the number of inputs that were read
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
    // The undamaged file must be read.
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
