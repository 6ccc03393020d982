package io.github.deepxray.core.metrics;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * How often a class was found among examples of similar probability of it.
 *
 * <p>The interval is Wilson's (1927) with the number of patients for the number of trials: images
 * of one patient are alike. Unlike a bootstrap interval it does not vanish where a bin holds a few
 * images of one class.
 *
 * @param low where the bin begins
 * @param high where it ends; the last includes 1
 * @param images how many examples
 * @param patients how many patients they come from
 * @param meanProbability of its examples
 * @param observed the share of examples of the class with its 95 % interval
 */
public record CalibrationBin(
    double low, double high, int images, int patients, double meanProbability, Interval observed) {
  private static final double Z = 1.959963984540054;

  /**
   * The bins that hold examples, of those that {@link Metric#CALIBRATION_ERROR} looks at.
   *
   * @param label the class whose probability it is
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
   * @param share what was observed, 0..1
   * @param trials in how many independent trials, 1 or more
   */
  public static Interval wilson(double share, int trials) {
    double z2 = Z * Z / trials;
    double middle = (share + z2 / 2) / (1 + z2);
    double half = Z / (1 + z2) * Math.sqrt((share * (1 - share) + z2 / 4) / trials);
    // Rounding must not shut out what was observed.
    return new Interval(
        share,
        Math.max(0, Math.min(share, middle - half)),
        Math.min(1, Math.max(share, middle + half)));
  }
}
