package io.github.deepxray.optimize.internal;

import java.util.Arrays;

/**
 * Histogram of a tensor's values. Bin {@code i} contains the values from {@code (first + i) *
 * width} up to the next bin, so that 0 is the edge of a bin.
 */
public final class Histogram {
  private final double width;
  private final long first;
  private final long[] counts;
  private final long total;

  private Histogram(double width, long first, long[] counts) {
    this.width = width;
    this.first = first;
    this.counts = counts;
    this.total = Arrays.stream(counts).sum();
  }

  /**
   * Creates a histogram from a copy of the counts.
   *
   * @param width the width of a bin, positive
   * @param first the index of the first bin, where bin 0 begins at the value 0
   * @param counts the number of values in each bin
   */
  public static Histogram of(double width, long first, long... counts) {
    if (!(width > 0) || Double.isInfinite(width) || counts.length == 0) {
      throw new IllegalArgumentException(counts.length + " bins of width " + width);
    }
    if (Arrays.stream(counts).anyMatch(count -> count < 0)) {
      throw new IllegalArgumentException("a count is negative");
    }
    return new Histogram(width, first, counts.clone());
  }

  /** Number of bins. */
  public int bins() {
    return counts.length;
  }

  /** Width of each bin. */
  public double width() {
    return width;
  }

  /** Index of the first bin, where bin 0 begins at the value 0. */
  public long first() {
    return first;
  }

  /** Number of values in bin {@code i}. */
  public long count(int i) {
    return counts[i];
  }

  /** Number of all values. */
  public long total() {
    return total;
  }

  /** Lower edge of bin {@code i}; for {@code i = bins()} the upper edge of the last. */
  public double edge(int i) {
    return (first + i) * width;
  }

  /** Center of bin {@code i}. */
  public double center(int i) {
    return (first + i + 0.5) * width;
  }

  /**
   * Share of the values below {@code min} or above {@code max}, assuming a uniform distribution in
   * each bin.
   */
  public double shareOutside(double min, double max) {
    double outside = 0;
    for (int i = 0; i < counts.length; i++) {
      if (counts[i] > 0) {
        double below = Math.max(0, Math.min(1, (min - edge(i)) / width));
        double above = Math.max(0, Math.min(1, (edge(i + 1) - max) / width));
        outside += counts[i] * Math.min(1, below + above);
      }
    }
    return total == 0 ? 0 : outside / total;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Histogram h
        && width == h.width
        && first == h.first
        && Arrays.equals(counts, h.counts);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(counts);
  }

  @Override
  public String toString() {
    return total + " values in " + counts.length + " bins of " + width;
  }

  /** Collects values of a known range. */
  public static final class Collector {
    private final double width;
    private final double perWidth;
    private final long first;
    private final long[] counts;

    /**
     * Creates a collector of about {@code bins} bins from {@code min} to {@code max}.
     *
     * @param min the smallest value
     * @param max the largest value
     */
    public Collector(double min, double max, int bins) {
      double span = (max - min) / (bins - 1);
      if (span >= Float.MIN_NORMAL / (double) bins) {
        width = span;
      } else {
        // A single value: a bin that begins at the value, or ends there if it is negative.
        width = Math.max(Math.max(Math.abs(min), Math.abs(max)), Float.MIN_NORMAL);
      }
      perWidth = 1 / width;
      first = (long) Math.floor(min * perWidth);
      counts = new long[(int) ((long) Math.floor(max * perWidth) - first) + 1];
    }

    /** Counts values. */
    public void add(float[] values) {
      int last = counts.length - 1;
      for (float value : values) {
        // Never negative, so the cast rounds down.
        int bin = (int) (value * perWidth - first);
        counts[Math.min(Math.max(bin, 0), last)]++;
      }
    }

    /** Adds the counts of another collector with the same bins. */
    public void add(Collector other) {
      for (int i = 0; i < counts.length; i++) {
        counts[i] += other.counts[i];
      }
    }

    /** Returns the counts so far. */
    public Histogram histogram() {
      return new Histogram(width, first, counts.clone());
    }
  }
}
