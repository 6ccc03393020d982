package io.github.deepxray.optimize.internal.quantize;

/** Power of a signal and of its quantization noise. */
final class QuantizationNoise {
  /** Ratio of equal signals, or of signals closer than float precision. */
  static final double MAX_DECIBELS = 150;

  private double signal;
  private double noise;

  /** Adds the values of one example. */
  void add(float[] exact, float[] rounded) {
    add(exact, rounded, Double.NEGATIVE_INFINITY);
  }

  /**
   * Adds the values of one example, clipped from below.
   *
   * @param least the lower limit
   */
  void add(float[] exact, float[] rounded, double least) {
    double s = 0;
    double n = 0;
    for (int i = 0; i < exact.length; i++) {
      double value = Math.max(least, exact[i]);
      double difference = Math.max(least, rounded[i]) - value;
      s += value * value;
      n += difference * difference;
    }
    signal += s;
    noise += n;
  }

  /** Adds the sums of another object. */
  void add(QuantizationNoise other) {
    signal += other.signal;
    noise += other.noise;
  }

  /** Signal-to-noise ratio in decibels, from -150 to 150. */
  double decibels() {
    if (noise == 0) {
      return MAX_DECIBELS;
    }
    double ratio = 10 * Math.log10(signal / noise);
    return Math.max(-MAX_DECIBELS, Math.min(MAX_DECIBELS, ratio));
  }
}
