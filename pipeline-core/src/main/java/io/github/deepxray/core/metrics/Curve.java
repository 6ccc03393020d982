package io.github.deepxray.core.metrics;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.DoubleBinaryOperator;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * ROC or precision-recall curve of one class, the positive one, against all others, with a
 * pointwise 95 % band from a bootstrap over patients.
 *
 * @param points one for each threshold at which a decision changes, from the highest threshold to
 *     the lowest
 * @param band the height of the curve at evenly spaced positions of the x-axis, from 0 to 1
 * @param area the area under the curve; for precision and recall the average precision
 */
public record Curve(List<Point> points, List<Band> band, Interval area) {
  private static final int STEPS = 100;

  /** Copies the lists. */
  public Curve {
    points = List.copyOf(points);
    band = List.copyOf(band);
  }

  /**
   * Point of the curve.
   *
   * @param threshold the threshold of the probability; infinite where no example is classified as
   *     positive
   * @param x the false positive rate, or recall
   * @param y the true positive rate, or precision
   */
  public record Point(double threshold, double x, double y) {}

  /**
   * Height of the curve at a position.
   *
   * @param x the position, 0..1
   * @param y the height with its interval; NaN where undefined
   */
  public record Band(double x, Interval y) {}

  /**
   * Computes the receiver operating characteristic: true positive rate over false positive rate.
   * The curve is linear between thresholds (Fawcett 2006).
   *
   * @param label the number of the class
   * @param seed the seed of the bootstrap
   * @return the curve, whose area is the class's {@link Metric#AUC}
   */
  public static Curve roc(SplitScores scores, int label, long seed) {
    Sweep sweep = new Sweep(scores.examples(), label);
    return sweep.curve(
        (tp, fp) -> fp / sweep.negatives,
        (tp, fp) -> tp / sweep.positives,
        true,
        weights -> {
          double[] x = sweep.falsePositives(weights);
          double[] y = sweep.truePositives(weights);
          return rocValues(divided(x), divided(y));
        },
        seed);
  }

  /**
   * Computes the precision-recall curve. The precision at a recall is that of the highest threshold
   * that reaches the recall; linear interpolation would be too optimistic (Davis and Goadrich
   * 2006).
   *
   * @param label the number of the class
   * @param seed the seed of the bootstrap
   */
  public static Curve precisionRecall(SplitScores scores, int label, long seed) {
    Sweep sweep = new Sweep(scores.examples(), label);
    return sweep.curve(
        (tp, fp) -> tp / sweep.positives,
        (tp, fp) -> tp / (tp + fp),
        false,
        weights -> precisionValues(sweep.truePositives(weights), sweep.falsePositives(weights)),
        seed);
  }

  /** Divides counts by the last one, the total. */
  private static double[] divided(double[] counts) {
    double total = counts[counts.length - 1];
    return Arrays.stream(counts).map(count -> count / total).toArray();
  }

  private static double[] rocValues(double[] x, double[] y) {
    double[] values = new double[STEPS + 2];
    double area = Double.isNaN(x[0] + y[0]) ? Double.NaN : 0;
    for (int i = 1; i < x.length; i++) {
      area += (x[i] - x[i - 1]) * (y[i] + y[i - 1]) / 2;
    }
    int i = 0;
    for (int s = 0; s <= STEPS; s++) {
      double place = (double) s / STEPS;
      while (i + 1 < x.length && x[i + 1] <= place) {
        i++;
      }
      values[s] =
          i + 1 == x.length || x[i] == place
              ? y[i]
              : y[i] + (y[i + 1] - y[i]) * (place - x[i]) / (x[i + 1] - x[i]);
    }
    values[STEPS + 1] = area;
    return values;
  }

  private static double[] precisionValues(double[] tp, double[] fp) {
    double[] values = new double[STEPS + 2];
    double total = tp[tp.length - 1];
    double area = 0;
    for (int i = 1; i < tp.length; i++) {
      if (tp[i] > tp[i - 1]) {
        area += (tp[i] - tp[i - 1]) / total * (tp[i] / (tp[i] + fp[i]));
      }
    }
    int i = 1;
    for (int s = 0; s <= STEPS; s++) {
      // In a resample the first images may have weight 0.
      while (i + 1 < tp.length && (tp[i] + fp[i] == 0 || tp[i] * STEPS < s * total)) {
        i++;
      }
      values[s] = total == 0 || i == tp.length ? Double.NaN : tp[i] / (tp[i] + fp[i]);
    }
    values[STEPS + 1] = total == 0 ? Double.NaN : area;
    return values;
  }

  /** Cumulative counts of examples in descending order of probability; ties form one group. */
  private static final class Sweep {
    private final List<ScoredExample> descending;
    private final int label;

    /** End of each group of equal probabilities, exclusive. */
    private final int[] ends;

    private final double positives;
    private final double negatives;

    Sweep(List<ScoredExample> examples, int label) {
      this.label = label;
      descending =
          examples.stream()
              .sorted(
                  Comparator.<ScoredExample>comparingDouble(e -> e.score(label))
                      .reversed()
                      .thenComparing(ScoredExample::id))
              .toList();
      int all = descending.size();
      ends =
          IntStream.rangeClosed(1, all)
              .filter(
                  i ->
                      i == all
                          || descending.get(i).score(label) != descending.get(i - 1).score(label))
              .toArray();
      positives = descending.stream().filter(e -> e.label() == label).count();
      negatives = descending.size() - positives;
    }

    double[] truePositives(double[] weights) {
      return counts(weights, true);
    }

    double[] falsePositives(double[] weights) {
      return counts(weights, false);
    }

    /** Number of examples classified as positive: 0 first, then after each group. */
    private double[] counts(double[] weights, boolean positive) {
      double[] counts = new double[ends.length + 1];
      double sum = 0;
      int i = 0;
      for (int g = 0; g < ends.length; g++) {
        for (; i < ends[g]; i++) {
          if ((descending.get(i).label() == label) == positive) {
            sum += weights[i];
          }
        }
        counts[g + 1] = sum;
      }
      return counts;
    }

    Curve curve(
        DoubleBinaryOperator x,
        DoubleBinaryOperator y,
        boolean fromNone,
        Function<double[], double[]> values,
        long seed) {
      double[] once = new double[descending.size()];
      Arrays.fill(once, 1);
      double[] tp = truePositives(once);
      double[] fp = falsePositives(once);
      List<Point> points = new ArrayList<>();
      for (int g = fromNone ? 0 : 1; g < tp.length; g++) {
        double threshold =
            g == 0 ? Double.POSITIVE_INFINITY : descending.get(ends[g - 1] - 1).score(label);
        points.add(
            new Point(threshold, x.applyAsDouble(tp[g], fp[g]), y.applyAsDouble(tp[g], fp[g])));
      }
      List<Interval> intervals =
          PatientBootstrap.intervals(
              descending.stream().map(ScoredExample::patient).toList(), values, seed);
      List<Band> band =
          IntStream.rangeClosed(0, STEPS)
              .mapToObj(s -> new Band((double) s / STEPS, intervals.get(s)))
              .toList();
      return new Curve(points, band, intervals.get(STEPS + 1));
    }
  }
}
