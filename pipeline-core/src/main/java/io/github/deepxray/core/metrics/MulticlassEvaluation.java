package io.github.deepxray.core.metrics;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * The metrics of one set of examples of more than two classes, each with a 95 % percentile
 * bootstrap interval over whole patients as in {@link Evaluation}. The decision is for the class
 * with the greatest probability. Resamples that lack a class say nothing about its metrics.
 *
 * @param images how many examples
 * @param patients how many patients they come from
 * @param macroAuc the mean, over the classes, of the area under the ROC curve of the class against
 *     all others (Provost and Domingos 2000, each class with the same weight); scikit-learn's
 *     {@code roc_auc_score} with {@code multi_class="ovr"}
 * @param accuracy the share decided rightly
 * @param balancedAccuracy the mean sensitivity of the classes
 * @param macroF1 the mean F1 of the classes
 * @param logLoss mean negative log likelihood in nats
 * @param classes the metrics of each class against all others, by label
 * @param confusion how many examples of each class, the outer list, are decided to be each class
 */
public record MulticlassEvaluation(
    long images,
    long patients,
    Interval macroAuc,
    Interval accuracy,
    Interval balancedAccuracy,
    Interval macroF1,
    Interval logLoss,
    List<OfClass> classes,
    List<List<Long>> confusion) {
  private static final int OVERALL = 5;
  private static final int PER_CLASS = 5;

  /** Copies the lists and checks that they are of the same classes. */
  public MulticlassEvaluation {
    classes = List.copyOf(classes);
    confusion = confusion.stream().map(List::copyOf).toList();
    int size = classes.size();
    if (size < 2
        || confusion.size() != size
        || confusion.stream().anyMatch(row -> row.size() != size)) {
      throw new IllegalArgumentException(
          "metrics of " + size + " classes and a confusion matrix do not fit together");
    }
  }

  /**
   * A class against all others.
   *
   * @param images how many examples are of it
   * @param auc area under the ROC curve of its probability
   * @param sensitivity the share of its examples that are decided to be of it
   * @param specificity the share of the other examples that are not
   * @param precision the share of what is decided to be of it that is
   * @param f1 the harmonic mean of precision and sensitivity
   */
  public record OfClass(
      long images,
      Interval auc,
      Interval sensitivity,
      Interval specificity,
      Interval precision,
      Interval f1) {}

  /**
   * Evaluates with {@link Evaluation#RESAMPLES} resamples.
   *
   * @param examples what to evaluate, at least one
   * @param seed of the resampling
   */
  public static MulticlassEvaluation of(List<ClassifiedExample> examples, long seed) {
    List<ClassifiedExample> sorted =
        examples.stream().sorted(Comparator.comparing(ClassifiedExample::id)).toList();
    OneVsRest scores = new OneVsRest(sorted);
    List<String> patients = sorted.stream().map(ClassifiedExample::patient).toList();
    List<Interval> intervals =
        PatientBootstrap.intervalsOf(patients, weights -> metrics(scores, weights), seed);
    double[] once = new double[sorted.size()];
    Arrays.fill(once, 1);
    double[][] counts = scores.confusion(once);
    List<OfClass> classes = new ArrayList<>();
    List<List<Long>> confusion = new ArrayList<>();
    for (int c = 0; c < scores.classes(); c++) {
      int m = OVERALL + PER_CLASS * c;
      classes.add(
          new OfClass(
              (long) Arrays.stream(counts[c]).sum(),
              intervals.get(m),
              intervals.get(m + 1),
              intervals.get(m + 2),
              intervals.get(m + 3),
              intervals.get(m + 4)));
      confusion.add(Arrays.stream(counts[c]).mapToObj(count -> (long) count).toList());
    }
    return new MulticlassEvaluation(
        sorted.size(),
        patients.stream().distinct().count(),
        intervals.get(0),
        intervals.get(1),
        intervals.get(2),
        intervals.get(3),
        intervals.get(4),
        classes,
        confusion);
  }

  private static double[] metrics(OneVsRest scores, double... weights) {
    int classes = scores.classes();
    double[] values = new double[OVERALL + PER_CLASS * classes];
    double[][] confusion = scores.confusion(weights);
    for (int c = 0; c < classes; c++) {
      double[] counts = OneVsRest.ofClass(confusion, c);
      double tp = counts[0];
      double fp = counts[1];
      double tn = counts[2];
      double fn = counts[3];
      int m = OVERALL + PER_CLASS * c;
      values[m] = scores.auc(c, weights);
      values[m + 1] = tp / (tp + fn);
      values[m + 2] = tn / (tn + fp);
      values[m + 3] = tp / (tp + fp);
      values[m + 4] = 2 * tp / (2 * tp + fp + fn);
      values[0] += values[m] / classes;
      values[2] += values[m + 1] / classes;
      values[3] += values[m + 4] / classes;
    }
    values[1] = OneVsRest.accuracy(confusion);
    values[4] = scores.logLoss(weights);
    return values;
  }
}
