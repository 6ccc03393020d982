package io.github.deepxray.core.metrics;

import java.util.HashSet;
import java.util.List;

/** Share of images with a property, with its interval by patient. */
public final class PatientShare {
  private PatientShare() {}

  /**
   * Computes the share.
   *
   * <p>The 95 % interval is that of the bootstrap over patients. For a share of 0 or 1, which gives
   * it no width, it is Wilson's interval with the number of patients.
   *
   * @param patients the patient of each image, at least one, in a reproducible order
   * @param having whether each image has the property
   * @param seed the seed of the bootstrap
   * @throws IllegalArgumentException if there are no images, or the lists differ in size
   */
  public static Interval of(List<String> patients, List<Boolean> having, long seed) {
    if (patients.isEmpty() || patients.size() != having.size()) {
      throw new IllegalArgumentException(
          having.size() + " values for images of " + patients.size() + " patients");
    }
    Interval interval =
        PatientBootstrap.intervals(patients, weights -> new double[] {share(having, weights)}, seed)
            .get(0);
    return interval.low() == interval.high()
        ? CalibrationBin.wilson(interval.value(), new HashSet<>(patients).size())
        : interval;
  }

  private static double share(List<Boolean> having, double[] weights) {
    double some = 0;
    double all = 0;
    for (int i = 0; i < weights.length; i++) {
      all += weights[i];
      some += having.get(i) ? weights[i] : 0;
    }
    return some / all;
  }
}
