package io.github.deepxray.optimize.internal.quantize;

import io.github.deepxray.optimize.internal.Histogram;
import io.github.deepxray.optimize.internal.TensorStatistics;

/** Statistics of plain lists of values. */
public final class Statistics {
  private Statistics() {}

  /** Each array is an example. */
  public static TensorStatistics of(int bins, float[]... examples) {
    float[] minima = new float[examples.length];
    float[] maxima = new float[examples.length];
    float min = Float.POSITIVE_INFINITY;
    float max = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < examples.length; i++) {
      minima[i] = Float.POSITIVE_INFINITY;
      maxima[i] = Float.NEGATIVE_INFINITY;
      for (float value : examples[i]) {
        minima[i] = Math.min(minima[i], value);
        maxima[i] = Math.max(maxima[i], value);
      }
      min = Math.min(min, minima[i]);
      max = Math.max(max, maxima[i]);
    }
    Histogram.Collector collector = new Histogram.Collector(min, max, bins);
    for (float[] example : examples) {
      collector.add(example);
    }
    return TensorStatistics.of(minima, maxima, collector.histogram());
  }

  public static TensorStatistics of(float... values) {
    return of(Calibrator.BINS, values);
  }
}
