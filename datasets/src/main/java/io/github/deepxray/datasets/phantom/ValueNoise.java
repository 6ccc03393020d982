package io.github.deepxray.datasets.phantom;

/**
 * Value noise: smooth random field over the plane, interpolated between random values on a lattice.
 */
record ValueNoise(long seed) {
  /** Returns a value 0..1 that varies over a distance of about 1. */
  double at(double x, double y) {
    double fx = Math.floor(x);
    double fy = Math.floor(y);
    long ix = (long) fx;
    long iy = (long) fy;
    double u = smooth(x - fx);
    double v = smooth(y - fy);
    double top = blend(lattice(ix, iy), lattice(ix + 1, iy), u);
    double bottom = blend(lattice(ix, iy + 1), lattice(ix + 1, iy + 1), u);
    return blend(top, bottom, v);
  }

  /** Returns the sum of two octaves of {@link #at}, 0..1. */
  double rough(double x, double y) {
    return (2 * at(x, y) + at(2.1 * x + 17, 2.1 * y - 5)) / 3;
  }

  private double lattice(long x, long y) {
    return (SplitMix64.mix(seed + x * 0x632be59bd9b4e019L + y * 0x9e3779b97f4a7c15L) >>> 11)
        * 0x1p-53;
  }

  private static double smooth(double t) {
    return t * t * (3 - 2 * t);
  }

  private static double blend(double a, double b, double t) {
    return a + (b - a) * t;
  }
}
