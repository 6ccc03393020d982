package io.github.deepxray.datasets.phantom;

/** SplitMix64 random number generator, equal on every platform and Java version. */
final class SplitMix64 {
  private static final long GOLDEN = 0x9e3779b97f4a7c15L;

  private long state;

  /** Creates a generator from several seeds. */
  SplitMix64(long... seeds) {
    for (long seed : seeds) {
      state = mix(state + GOLDEN + seed);
    }
  }

  static long mix(long value) {
    long z = value;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }

  long next() {
    state += GOLDEN;
    return mix(state);
  }

  /** Uniform number in 0..1, exclusive. */
  double uniform() {
    return (next() >>> 11) * 0x1p-53;
  }

  /** Uniform number in a range. */
  double between(double from, double to) {
    return from + (to - from) * uniform();
  }

  /** Whole number from 0 to the bound, exclusive. */
  int below(int bound) {
    return (int) (uniform() * bound);
  }

  /** Returns true with a probability. */
  boolean happens(double probability) {
    return uniform() < probability;
  }

  /**
   * Approximately normal number of mean 0 and standard deviation 1: the sum of four uniform 16-bit
   * numbers.
   */
  double normal() {
    long bits = next();
    long sum = (bits & 0xffff) + (bits >>> 16 & 0xffff) + (bits >>> 32 & 0xffff) + (bits >>> 48);
    return (sum * 0x1p-16 - 2) * 1.7320508;
  }
}
