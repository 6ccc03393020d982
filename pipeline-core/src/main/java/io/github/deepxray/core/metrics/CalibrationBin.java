package io.github.deepxray.core.metrics;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

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
    List<List<ScoredExample>> binned = new ArrayList<>();
    for (int b = 0; b < count; b++) {
      binned.add(new ArrayList<>());
    }
    for (ScoredExample example : scores.examples()) {
      binned.get(Resample.bin(example.score(label))).add(example);
    }
    List<CalibrationBin> bins = new ArrayList<>();
    for (int b = 0; b < count; b++) {
      List<ScoredExample> inside = binned.get(b);
      if (!inside.isEmpty()) {
        Set<String> patients = new HashSet<>();
        inside.forEach(example -> patients.add(example.patient()));
        double share =
            (double) inside.stream().filter(e -> e.label() == label).count() / inside.size();
        bins.add(
            new CalibrationBin(
                (double) b / count,
                (b + 1.0) / count,
                inside.size(),
                patients.size(),
                inside.stream().mapToDouble(e -> e.score(label)).sum() / inside.size(),
                wilson(share, patients.size())));
      }
    }
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
