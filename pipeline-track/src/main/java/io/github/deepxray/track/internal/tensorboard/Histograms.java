package io.github.deepxray.track.internal.tensorboard;

import org.tensorflow.proto.HistogramProto;

/** Histograms for TensorBoard. */
final class Histograms {
  /** Number of equally wide buckets, TensorBoard's default. */
  static final int BUCKETS = 30;

  private Histograms() {}

  /**
   * Counts finite values in buckets of equal width from the minimum to the maximum, or in one
   * bucket if all are equal.
   *
   * @param values at least one value
   */
  static HistogramProto of(float[] values) {
    double min = Double.POSITIVE_INFINITY;
    double max = Double.NEGATIVE_INFINITY;
    double sum = 0;
    double squares = 0;
    for (float value : values) {
      min = Math.min(min, value);
      max = Math.max(max, value);
      sum += value;
      squares += (double) value * value;
    }
    int buckets = max > min ? BUCKETS : 1;
    long[] counts = new long[buckets];
    for (float value : values) {
      int bucket = max > min ? (int) ((value - min) / (max - min) * buckets) : 0;
      counts[Math.min(buckets - 1, bucket)]++;
    }
    HistogramProto.Builder histogram =
        HistogramProto.newBuilder()
            .setMin(min)
            .setMax(max)
            .setNum(values.length)
            .setSum(sum)
            .setSumSquares(squares);
    for (int i = 0; i < buckets; i++) {
      histogram.addBucketLimit(i == buckets - 1 ? max : min + (max - min) * (i + 1) / buckets);
      histogram.addBucket((double) counts[i]);
    }
    return histogram.build();
  }
}
