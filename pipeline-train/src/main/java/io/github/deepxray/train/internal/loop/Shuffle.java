package io.github.deepxray.train.internal.loop;

import java.util.SplittableRandom;

/** Random permutations. */
public final class Shuffle {
  private Shuffle() {}

  /** Returns the numbers from 0 to {@code size - 1} in random order (Fisher and Yates). */
  public static int[] order(int size, SplittableRandom random) {
    int[] order = new int[size];
    for (int i = 0; i < size; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }
}
