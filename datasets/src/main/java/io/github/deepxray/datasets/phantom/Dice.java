package io.github.deepxray.datasets.phantom;

/** Random numbers by SplitMix64, the same on every platform and Java version. */
final class Dice {
  private static final long GOLDEN = 0x9e3779b97f4a7c15L;

  private long state;

  /** Dice that depend on all of these numbers. */
  Dice(long... seeds) {
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

  /** Uniform in 0..1, without 1. */
  double uniform() {
    return (next() >>> 11) * 0x1p-53;
  }

  /** Uniform in a range. */
  double between(double from, double to) {
    return from + (to - from) * uniform();
  }

  /** A whole number from 0, without the bound. */
  int below(int bound) {
    return (int) (uniform() * bound);
  }

  /** Whether something of this probability happens. */
  boolean happens(double probability) {
    return uniform() < probability;
  }

  /** About normal, of mean 0 and deviation 1: four uniform numbers of 16 bits added up. */
  double normal() {
    long bits = next();
    long sum = (bits & 0xffff) + (bits >>> 16 & 0xffff) + (bits >>> 32 & 0xffff) + (bits >>> 48);
    return (sum * 0x1p-16 - 2) * 1.7320508;
  }
}
