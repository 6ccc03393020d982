package io.github.deepxray.core.metrics;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Bin of a reliability diagram: observed frequency of a class among examples of similar predicted
 * probability.
 *
 * <p>The interval is Wilson's (1927) with the number of patients as the number of trials, because
 * images of one patient are correlated. Unlike a bootstrap interval it keeps a width in bins with
 * few images of one class.
 *
 * @param low the lower end
 * @param high the upper end, exclusive; the last bin includes 1
 * @param images the number of examples
 * @param patients the number of their patients
 * @param meanProbability the mean probability of the examples
 * @param observed the share of examples of the class with its 95 % interval
 */
public record CalibrationBin(
    double low, double high, int images, int patients, double meanProbability, Interval observed) {
  private static final double Z = 1.959963984540054;

  /**
   * Non-empty bins of {@link Metric#CALIBRATION_ERROR}.
   *
   * @param label the number of the class
   */
  public static List<CalibrationBin> of(SplitScores scores, int label) {
    int count = Resample.CALIBRATION_BINS;
    Map<Integer, List<ScoredExample>> binned =
        scores.examples().stream()
            .collect(
                Collectors.groupingBy(
                    e -> Resample.bin(e.score(label)), TreeMap::new, Collectors.toList()));
    List<CalibrationBin> bins = new ArrayList<>();
    binned.forEach(
        (b, inside) -> {
          int patients = (int) inside.stream().map(ScoredExample::patient).distinct().count();
          double share =
              (double) inside.stream().filter(e -> e.label() == label).count() / inside.size();
          bins.add(
              new CalibrationBin(
                  (double) b / count,
                  (b + 1.0) / count,
                  inside.size(),
                  patients,
                  inside.stream().mapToDouble(e -> e.score(label)).sum() / inside.size(),
                  wilson(share, patients)));
        });
    return bins;
  }

  /**
   * Wilson's 95 % score interval of a share.
   *
   * @param share the observed share, 0..1
   * @param trials the number of independent trials, 1 or more
   */
  public static Interval wilson(double share, int trials) {
    double z2 = Z * Z / trials;
    double middle = (share + z2 / 2) / (1 + z2);
    double half = Z / (1 + z2) * Math.sqrt((share * (1 - share) + z2 / 4) / trials);
    // Rounding must not exclude the observed value.
    return new Interval(
        share,
        Math.max(0, Math.min(share, middle - half)),
        Math.min(1, Math.max(share, middle + half)));
  }
}
