package io.github.deepxray.optimize.internal;

import java.util.Arrays;

/**
 * How often values of a tensor occur. Bin {@code i} holds the values from {@code (first + i) *
 * width} up to the next bin, so that 0 is the edge of a bin, never within one.
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
   * A histogram of a copy of these counts.
   *
   * @param width the width of a bin, positive
   * @param first the number of the first bin, counted from 0 at the value 0
   * @param counts how many values each bin holds
   */
  public static Histogram of(double width, long first, long... counts) {
    if (!(width > 0) || Double.isInfinite(width) || counts.length == 0) {
      throw new IllegalArgumentException(counts.length + " bins of width " + width);
    }
    if (Arrays.stream(counts).anyMatch(count -> count < 0)) {
      throw new IllegalArgumentException("a bin holds less than nothing");
    }
    return new Histogram(width, first, counts.clone());
  }

  /** The number of bins. */
  public int bins() {
    return counts.length;
  }

  /** The width of each bin. */
  public double width() {
    return width;
  }

  /** The number of the first bin, counted from 0 at the value 0. */
  public long first() {
    return first;
  }

  /** How many values bin {@code i} holds. */
  public long count(int i) {
    return counts[i];
  }

  /** How many values there are in all. */
  public long total() {
    return total;
  }

  /** The lower edge of bin {@code i}; for {@code i = bins()} the upper edge of the last. */
  public double edge(int i) {
    return (first + i) * width;
  }

  /** The middle of bin {@code i}. */
  public double center(int i) {
    return (first + i + 0.5) * width;
  }

  /** The share of the values below {@code min} or above {@code max}, evenly spread in each bin. */
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

  /** Collects values whose least and largest are known. */
  public static final class Collector {
    private final double width;
    private final double perWidth;
    private final long first;
    private final long[] counts;

    /**
     * Prepares about {@code bins} bins from {@code min} to {@code max}.
     *
     * @param min the least value to come
     * @param max the largest
     */
    public Collector(double min, double max, int bins) {
      double span = (max - min) / (bins - 1);
      if (span >= Float.MIN_NORMAL / (double) bins) {
        width = span;
      } else {
        // One value only: a bin that it starts, or ends if it is negative.
        width = Math.max(Math.max(Math.abs(min), Math.abs(max)), Float.MIN_NORMAL);
      }
      perWidth = 1 / width;
      first = (long) Math.floor(min * perWidth);
      counts = new long[(int) ((long) Math.floor(max * perWidth) - first) + 1];
    }

    /** Counts some values. */
    public void add(float[] values) {
      int last = counts.length - 1;
      for (float value : values) {
        // Never negative, so the cast rounds down.
        int bin = (int) (value * perWidth - first);
        counts[Math.min(Math.max(bin, 0), last)]++;
      }
    }

    /** Adds what another one of the same bins counted. */
    public void add(Collector other) {
      for (int i = 0; i < counts.length; i++) {
        counts[i] += other.counts[i];
      }
    }

    /** The counts so far. */
    public Histogram histogram() {
      return new Histogram(width, first, counts.clone());
    }
  }
}
