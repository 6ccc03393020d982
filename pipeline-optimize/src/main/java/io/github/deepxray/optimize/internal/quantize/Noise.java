package io.github.deepxray.optimize.internal.quantize;

/** Power of a signal and of what was added to it by rounding. */
final class Noise {
  /** What is reported where two signals are equal, or closer than floats can tell. */
  static final double MAX_DECIBELS = 150;

  private double signal;
  private double noise;

  /** Adds the values of one example. */
  void add(float[] exact, float[] rounded) {
    add(exact, rounded, Double.NEGATIVE_INFINITY);
  }

  /**
   * The same where nothing depends on how far values are below some number.
   *
   * @param least that number; values below count as it
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

  /** Adds what another one collected. */
  void add(Noise other) {
    signal += other.signal;
    noise += other.noise;
  }

  /** The ratio of signal to noise in decibels, from -150 to 150. */
  double decibels() {
    if (noise == 0) {
      return MAX_DECIBELS;
    }
    double ratio = 10 * Math.log10(signal / noise);
    return Math.max(-MAX_DECIBELS, Math.min(MAX_DECIBELS, ratio));
  }
}
