package io.github.deepxray.core.metrics;

import io.github.deepxray.core.DeepXrayException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.BiPredicate;
import java.util.function.Function;

/**
 * How the scores of one classifier, the candidate, differ from those of another, the reference, on
 * the same examples. Differences are candidate minus reference; their 95 % intervals come from
 * resampling whole patients, both classifiers on the same ones (a paired bootstrap). Of more than
 * two classes the decision is for the greatest probability, and area, sensitivity and specificity
 * are the means, over the classes, of those of the class against all others.
 *
 * @param images how many examples
 * @param auc the candidate's area under the ROC curve
 * @param accuracy the candidate's accuracy at its threshold
 * @param sensitivity the candidate's sensitivity at its threshold
 * @param specificity the candidate's specificity at its threshold
 * @param deltaAuc the difference of the areas under the ROC curve
 * @param deltaAccuracy the difference of the accuracies, each at its own threshold
 * @param correlation Pearson's correlation of the probabilities; NaN where one of them is constant
 * @param maxDeltaProbability the largest difference of a probability
 * @param flipped how many examples are decided otherwise
 */
public record Comparison(
    long images,
    Interval auc,
    Interval accuracy,
    Interval sensitivity,
    Interval specificity,
    Interval deltaAuc,
    Interval deltaAccuracy,
    double correlation,
    double maxDeltaProbability,
    int flipped) {
  /** Checks the counts. */
  public Comparison {
    if (flipped < 0 || flipped > images) {
      throw new IllegalArgumentException(flipped + " of " + images + " images cannot be");
    }
  }

  /**
   * Compares.
   *
   * @param reference the scores to compare with
   * @param referenceThreshold from which score on the reference decides for positive
   * @param candidate scores of examples with the same ids
   * @param candidateThreshold from which score on the candidate decides for positive
   * @param seed of the resampling
   * @throws DeepXrayException if an example is missing in one of them or labelled otherwise
   */
  public static Comparison of(
      List<ScoredExample> reference,
      double referenceThreshold,
      List<ScoredExample> candidate,
      double candidateThreshold,
      long seed) {
    List<ScoredExample> examples = sorted(candidate);
    List<ScoredExample> expected = matching(reference, examples);
    double largest = 0;
    int flipped = 0;
    for (int i = 0; i < examples.size(); i++) {
      double before = expected.get(i).probability();
      double after = examples.get(i).probability();
      largest = Math.max(largest, Math.abs(after - before));
      if (after >= candidateThreshold != before >= referenceThreshold) {
        flipped++;
      }
    }
    Function<double[], double[]> first = metrics(expected, referenceThreshold);
    Function<double[], double[]> second = metrics(examples, candidateThreshold);
    List<Interval> intervals =
        PatientBootstrap.intervals(
            examples, weights -> differences(first.apply(weights), second.apply(weights)), seed);
    return of(
        intervals,
        examples.size(),
        correlation(
            expected.stream().map(ScoredExample::probability).toList(),
            examples.stream().map(ScoredExample::probability).toList()),
        largest,
        flipped);
  }

  /**
   * Compares the scores of classifiers of the same classes.
   *
   * @param reference the scores to compare with
   * @param referenceThreshold from which score on the reference decides for the second of two
   *     classes; empty for more
   * @param candidate scores of examples with the same ids
   * @param candidateThreshold the same for the candidate
   * @param seed of the resampling
   * @throws DeepXrayException if an example is missing in one of them or labelled otherwise
   */
  public static Comparison of(
      SplitScores reference,
      OptionalDouble referenceThreshold,
      SplitScores candidate,
      OptionalDouble candidateThreshold,
      long seed) {
    return reference instanceof SplitScores.Multiclass r
            && candidate instanceof SplitScores.Multiclass c
        ? of(r.examples(), c.examples(), seed)
        : of(
            reference.twoClass(),
            referenceThreshold.orElseThrow(IllegalStateException::new),
            candidate.twoClass(),
            candidateThreshold.orElseThrow(IllegalStateException::new),
            seed);
  }

  private static Comparison of(
      List<ClassifiedExample> reference, List<ClassifiedExample> candidate, long seed) {
    List<ClassifiedExample> examples =
        candidate.stream().sorted(Comparator.comparing(ClassifiedExample::id)).toList();
    List<ClassifiedExample> expected =
        matching(
            reference,
            examples,
            ClassifiedExample::id,
            (one, other) ->
                one.label() == other.label()
                    && one.probabilities().size() == other.probabilities().size());
    List<Double> before = expected.stream().flatMap(e -> e.probabilities().stream()).toList();
    List<Double> after = examples.stream().flatMap(e -> e.probabilities().stream()).toList();
    double largest = 0;
    for (int i = 0; i < before.size(); i++) {
      largest = Math.max(largest, Math.abs(after.get(i) - before.get(i)));
    }
    int flipped = 0;
    for (int i = 0; i < examples.size(); i++) {
      flipped += examples.get(i).decided() == expected.get(i).decided() ? 0 : 1;
    }
    OneVsRest first = new OneVsRest(expected);
    OneVsRest second = new OneVsRest(examples);
    List<Interval> intervals =
        PatientBootstrap.intervalsOf(
            examples.stream().map(ClassifiedExample::patient).toList(),
            weights -> differences(metrics(first, weights), metrics(second, weights)),
            seed);
    return of(intervals, examples.size(), correlation(before, after), largest, flipped);
  }

  /** Macro AUC, accuracy, mean sensitivity and mean specificity. */
  private static double[] metrics(OneVsRest scores, double... weights) {
    double[][] confusion = scores.confusion(weights);
    double[] values = new double[4];
    for (int c = 0; c < scores.classes(); c++) {
      double[] counts = OneVsRest.ofClass(confusion, c);
      values[0] += scores.auc(c, weights) / scores.classes();
      values[2] += counts[0] / (counts[0] + counts[3]) / scores.classes();
      values[3] += counts[2] / (counts[2] + counts[1]) / scores.classes();
    }
    values[1] = OneVsRest.accuracy(confusion);
    return values;
  }

  private static double[] differences(double[] r, double[] c) {
    return new double[] {c[0], c[1], c[2], c[3], c[0] - r[0], c[1] - r[1]};
  }

  private static Comparison of(
      List<Interval> intervals, int images, double correlation, double largest, int flipped) {
    return new Comparison(
        images,
        intervals.get(0),
        intervals.get(1),
        intervals.get(2),
        intervals.get(3),
        intervals.get(4),
        intervals.get(5),
        correlation,
        largest,
        flipped);
  }

  /** In an order that does not depend on chance. */
  static List<ScoredExample> sorted(List<ScoredExample> examples) {
    return examples.stream().sorted(Comparator.comparing(ScoredExample::id)).toList();
  }

  /**
   * The scores of the same examples by another classifier, in the same order.
   *
   * @throws DeepXrayException if an example is missing in one of them or labelled otherwise
   */
  static List<ScoredExample> matching(List<ScoredExample> reference, List<ScoredExample> examples) {
    return matching(
        reference, examples, ScoredExample::id, (one, other) -> one.positive() == other.positive());
  }

  private static <T> List<T> matching(
      List<T> reference, List<T> examples, Function<T, String> id, BiPredicate<T, T> sameLabel) {
    Map<String, T> byId = new HashMap<>();
    reference.forEach(example -> byId.put(id.apply(example), example));
    List<T> matching = new ArrayList<>();
    for (T example : examples) {
      T other = byId.get(id.apply(example));
      if (other == null || !sameLabel.test(other, example)) {
        throw new DeepXrayException(
            "The two classifiers did not see the same images: "
                + id.apply(example)
                + (other == null ? " is missing" : " has another label")
                + " in one of them.");
      }
      matching.add(other);
    }
    if (matching.size() != reference.size()) {
      throw new DeepXrayException(
          "The two classifiers did not see the same images: one saw "
              + reference.size()
              + ", the other "
              + matching.size()
              + ".");
    }
    return matching;
  }

  /** AUC, accuracy, sensitivity and specificity of examples that count several times. */
  static Function<double[], double[]> metrics(List<ScoredExample> examples, double threshold) {
    Integer[] ascending = new Integer[examples.size()];
    for (int i = 0; i < ascending.length; i++) {
      ascending[i] = i;
    }
    Arrays.sort(ascending, Comparator.comparingDouble(i -> examples.get(i).probability()));
    double[] scores = new double[ascending.length];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = examples.get(ascending[i]).probability();
    }
    return weights -> {
      double[] positives = new double[scores.length];
      double[] negatives = new double[scores.length];
      double found = 0;
      double allPositives = 0;
      double spared = 0;
      double allNegatives = 0;
      for (int i = 0; i < scores.length; i++) {
        double weight = weights[ascending[i]];
        boolean decided = scores[i] >= threshold;
        if (examples.get(ascending[i]).positive()) {
          positives[i] = weight;
          allPositives += weight;
          found += decided ? weight : 0;
        } else {
          negatives[i] = weight;
          allNegatives += weight;
          spared += decided ? 0 : weight;
        }
      }
      return new double[] {
        Metrics.auc(scores, positives, negatives),
        (found + spared) / (allPositives + allNegatives),
        found / allPositives,
        spared / allNegatives
      };
    };
  }

  private static double correlation(List<Double> a, List<Double> b) {
    double n = a.size();
    double meanA = a.stream().mapToDouble(Double::doubleValue).sum() / n;
    double meanB = b.stream().mapToDouble(Double::doubleValue).sum() / n;
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < a.size(); i++) {
      double da = a.get(i) - meanA;
      double db = b.get(i) - meanB;
      ab += da * db;
      aa += da * da;
      bb += db * db;
    }
    return ab / Math.sqrt(aa * bb);
  }
}
