package io.github.deepxray.core.metrics;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * Percentile bootstrap over patients, because images of one patient are correlated (Efron and
 * Tibshirani 1993; Field and Welsh 2007 for the cluster bootstrap).
 */
final class PatientBootstrap {
  /** Number of resamples. */
  static final int RESAMPLES = 2000;

  private PatientBootstrap() {}

  /**
   * Computes the intervals of several values.
   *
   * @param patientOf the patient of each example, in a reproducible order
   * @param values computes the values from the weights of the examples
   * @param seed the seed of the bootstrap
   */
  static List<Interval> intervals(
      List<String> patientOf, Function<double[], double[]> values, long seed) {
    Sample sample = new Sample(patientOf, values);
    double[] measured = sample.measured();
    double[][] resampled = sample.resampled(measured.length, seed);
    return IntStream.range(0, measured.length)
        .mapToObj(m -> interval(measured[m], resampled[m]))
        .toList();
  }

  /** Examples whose values are resampled. */
  record Sample(List<String> patientOf, Function<double[], double[]> values) {
    double[] measured() {
      double[] once = new double[patientOf.size()];
      Arrays.fill(once, 1);
      return values.apply(once);
    }

    double[][] resampled(int size, long seed) {
      return resample(patientOf, values, size, seed);
    }
  }

  /**
   * Computes the intervals of the differences of several values between two independent samples,
   * candidate minus reference.
   *
   * @param seed the seed of the bootstrap
   */
  static List<Interval> differences(Sample reference, Sample candidate, long seed) {
    double[] before = reference.measured();
    double[] after = candidate.measured();
    double[][] resampledBefore = reference.resampled(before.length, seed);
    // Another seed, or equal samples would be resampled alike and seem to differ by exactly 0.
    double[][] resampledAfter = candidate.resampled(before.length, ~seed);
    return IntStream.range(0, before.length)
        .mapToObj(m -> interval(after[m] - before[m], minus(resampledAfter[m], resampledBefore[m])))
        .toList();
  }

  private static double[] minus(double[] a, double[] b) {
    return IntStream.range(0, a.length).mapToDouble(i -> a[i] - b[i]).toArray();
  }

  private static double[][] resample(
      List<String> patientOf, Function<double[], double[]> values, int size, long seed) {
    Map<String, List<Integer>> byPatient = new TreeMap<>();
    for (int i = 0; i < patientOf.size(); i++) {
      byPatient.computeIfAbsent(patientOf.get(i), p -> new ArrayList<>()).add(i);
    }
    List<List<Integer>> patients = new ArrayList<>(byPatient.values());
    SplittableRandom random = new SplittableRandom(seed);
    double[][] resampled = new double[size][patients.isEmpty() ? 0 : RESAMPLES];
    for (int r = 0; r < (size == 0 ? 0 : resampled[0].length); r++) {
      double[] weights = new double[patientOf.size()];
      for (int k = 0; k < patients.size(); k++) {
        for (int i : patients.get(random.nextInt(patients.size()))) {
          weights[i]++;
        }
      }
      double[] measured = values.apply(weights);
      for (int m = 0; m < size; m++) {
        resampled[m][r] = measured[m];
      }
    }
    return resampled;
  }

  private static Interval interval(double value, double[] resampled) {
    double[] defined = Arrays.stream(resampled).filter(v -> !Double.isNaN(v)).sorted().toArray();
    if (Double.isNaN(value) || defined.length == 0) {
      return new Interval(value, Double.NaN, Double.NaN);
    }
    return new Interval(value, quantile(defined, 0.025), quantile(defined, 0.975));
  }

  /** Linear interpolation between order statistics, the default of NumPy and R. */
  private static double quantile(double[] ascending, double q) {
    double position = q * (ascending.length - 1);
    int below = (int) position;
    int above = Math.min(below + 1, ascending.length - 1);
    return ascending[below] + (position - below) * (ascending[above] - ascending[below]);
  }
}
