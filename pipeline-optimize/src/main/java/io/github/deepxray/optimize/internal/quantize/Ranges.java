package io.github.deepxray.optimize.internal.quantize;

import io.github.deepxray.optimize.internal.Histogram;
import io.github.deepxray.optimize.internal.Range;
import io.github.deepxray.optimize.internal.TensorStatistics;
import io.github.deepxray.optimize.quantize.RangeMethod;

/** Computes ranges of tensors by each {@link RangeMethod}. */
public final class Ranges {
  private static final int CANDIDATES = 256;
  private static final double MISSING = 1e-4;

  private Ranges() {}

  /**
   * Computes a range.
   *
   * @param method the method
   * @param statistics the statistics of the tensor
   * @param levels the number of integers: 256 or 65536
   */
  public static Range of(RangeMethod method, TensorStatistics statistics, int levels) {
    return switch (method.kind()) {
      case MIN_MAX -> minMax(statistics);
      case PERCENTILE -> percentile(method.number(), statistics);
      case MSE -> meanSquaredError(statistics, levels);
      case ENTROPY -> entropy(statistics, levels);
      case MOVING_AVERAGE -> movingAverage(method.number(), statistics);
    };
  }

  /** Intersects a range with the range of the values. */
  private static Range within(TensorStatistics statistics, double low, double high) {
    double least = Math.max(statistics.min(), low);
    double largest = Math.min(statistics.max(), high);
    return new Range(least, largest);
  }

  private static Range minMax(TensorStatistics statistics) {
    return new Range(statistics.min(), statistics.max());
  }

  /** Clips at most half of the rest on either side, at the edge of a bin. */
  private static Range percentile(double share, TensorStatistics statistics) {
    Histogram h = statistics.histogram();
    double cut = (1 - share) / 2 * h.total();
    int low = 0;
    for (long below = h.count(0); low < h.bins() - 1 && below <= cut; below += h.count(low)) {
      low++;
    }
    int high = h.bins() - 1;
    for (long above = h.count(high); high > low && above <= cut; above += h.count(high)) {
      high--;
    }
    return within(statistics, h.edge(low), h.edge(high + 1));
  }

  /**
   * Range between edges of bins with the smallest mean squared error: {@code step² / 12} for a
   * value inside, its squared distance to the range for one outside.
   */
  private static Range meanSquaredError(TensorStatistics statistics, int levels) {
    Histogram h = statistics.histogram();
    int n = h.bins();
    // Each candidate with the clipped values; a range always contains 0.
    double[] lower = new double[n + 1];
    double[] lowerCost = new double[n + 1];
    long[] lowerCount = new long[n + 1];
    int lowers = 0;
    Tail tail = new Tail(h.width());
    for (int i = 0; i <= n && (i == 0 || h.edge(i) <= 0); i++) {
      if (i > 0) {
        tail.add(h.center(i - 1), h.count(i - 1));
      }
      lower[lowers] = Math.min(0, Math.max(statistics.min(), h.edge(i)));
      lowerCost[lowers] = i == 0 ? 0 : tail.squaredDistance(lower[lowers]);
      lowerCount[lowers++] = tail.count;
    }
    double best = Double.POSITIVE_INFINITY;
    double bestLow = Math.min(0, statistics.min());
    double bestHigh = Math.max(0, statistics.max());
    tail = new Tail(h.width());
    for (int j = n; j >= 0 && (j == n || h.edge(j) >= 0); j--) {
      if (j < n) {
        tail.add(h.center(j), h.count(j));
      }
      double high = Math.max(0, Math.min(statistics.max(), h.edge(j)));
      double highCost = j == n ? 0 : tail.squaredDistance(high);
      for (int i = 0; i < lowers; i++) {
        double step = (high - lower[i]) / (levels - 1);
        long inside = h.total() - tail.count - lowerCount[i];
        double cost = lowerCost[i] + highCost + inside * step * step / 12;
        if (cost < best && high > lower[i]) {
          best = cost;
          bestLow = lower[i];
          bestHigh = high;
        }
      }
    }
    return new Range(bestLow, bestHigh);
  }

  /** Moments of the values beyond an edge. */
  private static final class Tail {
    private final double width;
    private long count;
    private double sum;
    private double squares;

    Tail(double width) {
      this.width = width;
    }

    void add(double center, long values) {
      count += values;
      sum += values * center;
      squares += values * (center * center + width * width / 12);
    }

    double squaredDistance(double edge) {
      return Math.max(0, squares - 2 * edge * sum + count * edge * edge);
    }
  }

  /**
   * Threshold on the magnitudes with the smallest relative entropy. Each side of the range ends at
   * the threshold or at the largest value seen there, whichever is nearer to 0.
   *
   * <p>Magnitudes beyond the threshold are clipped to it in the original distribution and omitted
   * in the quantized one. The number of steps is the number of integers for magnitudes: half of the
   * levels for a symmetric range, nearly all for a one-sided range.
   */
  private static Range entropy(TensorStatistics statistics, int levels) {
    Histogram h = statistics.histogram();
    // Bins on both sides of 0 are mirror images, so magnitudes fall into whole bins.
    long bins = Math.max(Math.abs(h.first()), Math.abs(h.first() + h.bins()));
    if (bins > 4L * h.bins()) {
      // All values are far from 0 and close together.
      return minMax(statistics);
    }
    double[] magnitudes = new double[(int) bins];
    for (int i = 0; i < h.bins(); i++) {
      long bin = h.first() + i;
      magnitudes[(int) (bin < 0 ? -bin - 1 : bin)] += h.count(i);
    }
    double best = Double.POSITIVE_INFINITY;
    double threshold = bins * h.width();
    int stride = Math.max(1, (int) (bins / CANDIDATES));
    for (int end = (int) bins; end > 0; end -= stride) {
      double limit = end * h.width();
      double low = Math.min(limit, Math.max(0, -statistics.min()));
      double high = Math.min(limit, Math.max(0, statistics.max()));
      int steps = (int) Math.round((levels - 1) * Math.max(low, high) / (low + high));
      if (end < steps) {
        // Steps finer than the bins give no information.
        break;
      }
      double divergence = divergence(magnitudes, end, steps);
      if (divergence < best) {
        best = divergence;
        threshold = limit;
      }
    }
    return within(statistics, -threshold, threshold);
  }

  /**
   * Relative entropy of magnitudes clipped to {@code end} bins and merged into {@code steps} steps.
   */
  static double divergence(double[] magnitudes, int end, int steps) {
    double inside = 0;
    double outside = 0;
    for (int i = 0; i < magnitudes.length; i++) {
      if (i < end) {
        inside += magnitudes[i];
      } else {
        outside += magnitudes[i];
      }
    }
    if (inside == 0) {
      return Double.POSITIVE_INFINITY;
    }
    double divergence = 0;
    int from = 0;
    for (int s = 0; s < steps; s++) {
      int to = (int) ((long) end * (s + 1) / steps);
      double sum = 0;
      int filled = 0;
      for (int i = from; i < to; i++) {
        sum += magnitudes[i];
        if (magnitudes[i] > 0 || (i == end - 1 && outside > 0)) {
          filled++;
        }
      }
      for (int i = from; i < to; i++) {
        double real = magnitudes[i] + (i == end - 1 ? outside : 0);
        if (real > 0) {
          double p = real / (inside + outside);
          double q = Math.max(sum / filled / inside, MISSING / end);
          divergence += p * Math.log(p / q);
        }
      }
      from = to;
    }
    return divergence;
  }

  private static Range movingAverage(double momentum, TensorStatistics statistics) {
    double min = statistics.exampleMin(0);
    double max = statistics.exampleMax(0);
    for (int i = 1; i < statistics.examples(); i++) {
      min = momentum * min + (1 - momentum) * statistics.exampleMin(i);
      max = momentum * max + (1 - momentum) * statistics.exampleMax(i);
    }
    return new Range(min, max);
  }
}
