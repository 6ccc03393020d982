package io.github.deepxray.testkit;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Damages valid files like accidents and attackers do, for robustness tests: equal random numbers
 * give equal damage.
 */
public final class Mutations {
  /** Largest number of combined kinds of damage. */
  private static final int MOST_TOGETHER = 4;

  /** Longest part that is removed, repeated or overwritten. */
  private static final int LONGEST = 64;

  private static final int[] BOUNDARIES = {
    0,
    1,
    -1,
    Byte.MAX_VALUE,
    Byte.MIN_VALUE,
    0xff,
    0x100,
    Short.MAX_VALUE,
    Short.MIN_VALUE,
    0xffff,
    0x10000,
    0x7fffff,
    Integer.MAX_VALUE,
    Integer.MIN_VALUE
  };

  private Mutations() {}

  /**
   * Number of inputs of a test: the system property {@code deepxray.fuzz.inputs}, if set.
   *
   * @param ordinarily the default, small enough for seconds
   */
  public static int inputs(int ordinarily) {
    return Integer.getInteger("deepxray.fuzz.inputs", ordinarily);
  }

  /**
   * Returns a copy with one to four kinds of damage: bits flipped, bytes replaced, numbers at the
   * limits of their types, parts removed, repeated elsewhere or filled, or a missing end.
   *
   * @param seed a valid file; not changed
   * @param random selects the damage and the position
   */
  public static byte[] mutate(byte[] seed, SplittableRandom random) {
    byte[] bytes = seed.clone();
    int together = random.nextInt(1, MOST_TOGETHER + 1);
    for (int i = 0; i < together && bytes.length > 0; i++) {
      bytes = damage(bytes, random);
    }
    return bytes;
  }

  private static byte[] damage(byte[] bytes, SplittableRandom random) {
    int at = place(bytes.length, random);
    int length = Math.min(bytes.length - at, random.nextInt(1, LONGEST + 1));
    return switch (random.nextInt(9)) {
      case 0, 1 -> {
        bytes[at] ^= (byte) (1 << random.nextInt(Byte.SIZE));
        yield bytes;
      }
      case 2 -> {
        bytes[at] = (byte) random.nextInt();
        yield bytes;
      }
      case 3, 4 -> number(bytes, at, random);
      case 5 -> {
        Arrays.fill(bytes, at, at + length, random.nextBoolean() ? 0 : (byte) random.nextInt());
        yield bytes;
      }
      case 6 -> joined(bytes, at, new byte[0], at + length);
      case 7 -> {
        int to = place(bytes.length, random);
        yield joined(bytes, to, Arrays.copyOfRange(bytes, at, at + length), to);
      }
      default -> Arrays.copyOf(bytes, at);
    };
  }

  /** Any position, but half of the time one near the beginning, where headers are. */
  private static int place(int length, SplittableRandom random) {
    return random.nextInt(random.nextBoolean() ? length : Math.min(length, 4 * LONGEST));
  }

  /** Writes a number at the limits of its type, in either byte order. */
  private static byte[] number(byte[] bytes, int at, SplittableRandom random) {
    int size = Math.min(bytes.length - at, 1 << random.nextInt(3));
    ByteOrder order = random.nextBoolean() ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    int value = BOUNDARIES[random.nextInt(BOUNDARIES.length)];
    byte[] four = ByteBuffer.allocate(Integer.BYTES).order(order).putInt(value).array();
    int skip = order == ByteOrder.BIG_ENDIAN ? Integer.BYTES - size : 0;
    System.arraycopy(four, skip, bytes, at, size);
    return bytes;
  }

  /** Joins the bytes before a position, a part, and the bytes after another position. */
  private static byte[] joined(byte[] bytes, int before, byte[] piece, int after) {
    byte[] all = Arrays.copyOf(bytes, before + piece.length + bytes.length - after);
    System.arraycopy(piece, 0, all, before, piece.length);
    System.arraycopy(bytes, after, all, before + piece.length, bytes.length - after);
    return all;
  }
}
