package io.github.deepxray.train;

import io.github.deepxray.core.metrics.MulticlassEvaluation;
import io.github.deepxray.core.metrics.MulticlassEvaluation.OfClass;
import io.github.deepxray.datasets.ClassNames;
import io.github.deepxray.datasets.Label;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * The content of {@code metrics.json} for more than two classes.
 *
 * @param format {@link #FORMAT}
 * @param model the hash of the evaluated classifier's weights
 * @param dataset the fingerprint of the data set
 * @param classes what the classes are called
 * @param splits the evaluation of {@code validation} and {@code test}
 */
public record MulticlassReport(
    String format,
    String model,
    String dataset,
    ClassNames classes,
    Map<String, MulticlassEvaluation> splits)
    implements ModelMetrics {
  /** The format that this version writes and reads. */
  public static final String FORMAT = "deepxray-multiclass-metrics/1";

  /** Copies the map and checks that every evaluation is of these classes. */
  public MulticlassReport {
    splits = Collections.unmodifiableMap(new LinkedHashMap<>(splits));
    ModelMetrics.requireSplits(splits.keySet());
    for (MulticlassEvaluation evaluation : splits.values()) {
      if (evaluation.classes().size() != classes.size()) {
        throw new IllegalArgumentException(
            "an evaluation is of "
                + evaluation.classes().size()
                + " classes, not "
                + classes.size());
      }
    }
  }

  /** The evaluation of the test split. */
  public MulticlassEvaluation test() {
    return splits.get("test");
  }

  /** The evaluation of the validation split. */
  public MulticlassEvaluation validation() {
    return splits.get("validation");
  }

  @Override
  public OptionalDouble threshold() {
    return OptionalDouble.empty();
  }

  @Override
  public boolean decidesBy(Decision decision) {
    return decision instanceof MostProbable && decision.classes() == classes.size();
  }

  @Override
  public List<String> splitNames() {
    return List.copyOf(splits.keySet());
  }

  @Override
  public String table(String split) {
    MulticlassEvaluation e = splits.get(split);
    StringBuilder text = new StringBuilder();
    line(
        text,
        "%s split: %d images of %d patients, %d classes; 95 %% intervals by patient",
        split,
        e.images(),
        e.patients(),
        classes.size());
    line(text, "  accuracy %s   balanced accuracy %s", e.accuracy(), e.balancedAccuracy());
    line(
        text, "  macro AUC %s   macro F1 %s   log loss %s", e.macroAuc(), e.macroF1(), e.logLoss());
    int width = Math.max(11, classes.list().stream().mapToInt(String::length).max().orElse(0));
    String row = "  %-" + width + "s %6s %-21s %-21s %-21s %-21s %-21s";
    line(text, row, "class", "images", "AUC", "sensitivity", "specificity", "precision", "F1");
    for (Label label : classes.labels()) {
      OfClass c = e.classes().get(label.index());
      line(
          text,
          row,
          classes.of(label),
          c.images(),
          c.auc(),
          c.sensitivity(),
          c.specificity(),
          c.precision(),
          c.f1());
    }
    line(text, "  of each class (row) decided to be each (column):");
    StringBuilder head = new StringBuilder();
    classes.list().forEach(name -> head.append(String.format(Locale.ROOT, " %8s", cut(name))));
    line(text, "  %-" + width + "s%s", "", head);
    for (Label label : classes.labels()) {
      StringBuilder counts = new StringBuilder();
      e.confusion()
          .get(label.index())
          .forEach(count -> counts.append(String.format(Locale.ROOT, " %8d", count)));
      line(text, "  %-" + width + "s%s", classes.of(label), counts);
    }
    return text.toString();
  }

  private static String cut(String name) {
    return name.length() <= 8 ? name : name.substring(0, 7) + ".";
  }

  private static void line(StringBuilder text, String format, Object... arguments) {
    text.append(String.format(Locale.ROOT, format, arguments).stripTrailing()).append('\n');
  }
}
