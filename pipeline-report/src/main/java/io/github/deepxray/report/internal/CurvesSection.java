package io.github.deepxray.report.internal;

import io.github.deepxray.core.metrics.Curve;
import io.github.deepxray.core.metrics.Evaluation;
import io.github.deepxray.core.metrics.Interval;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.report.internal.Chart.Point;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;

/**
 * Section with the one-vs-rest ROC and precision-recall curves of each class, on both splits.
 *
 * @param title title of the section
 * @param scored words for the scored class
 * @param resamples number of bootstrap resamples
 * @param classes curves of each class
 */
record CurvesSection(String title, String scored, String resamples, List<OfClass> classes) {
  private static final int[] FALSE_ALARM_PERCENT = {20, 10, 5, 2, 1};
  private static final int[] RECALL_PERCENT = {80, 90, 95, 99, 100};

  /**
   * Curves of a class.
   *
   * @param heading heading; empty for a single class
   * @param sensitivities points of the ROC curves
   * @param precisions points of the precision-recall curves
   */
  record OfClass(
      String heading, Figure roc, Figure precisionRecall, Table sensitivities, Table precisions) {}

  static CurvesSection of(ReportContent content) {
    return new CurvesSection(
        content.words().size() == 2
            ? "ROC and precision-recall curves"
            : "ROC and precision-recall curves of each class",
        content.words().scored(),
        Numbers.count(Evaluation.RESAMPLES),
        Figures.classes(content).stream().map(label -> ofClass(content, label)).toList());
  }

  private static OfClass ofClass(ReportContent content, Label label) {
    Map<Split, Curve> roc = new LinkedHashMap<>();
    Map<Split, Curve> pr = new LinkedHashMap<>();
    for (Split split : Figures.SPLITS) {
      long seed = content.training().seed();
      roc.put(split, Curve.roc(content.scores(split), label.index(), seed));
      pr.put(split, Curve.precisionRecall(content.scores(split), label.index(), seed));
    }
    return new OfClass(
        Figures.heading(content, label),
        roc(content, label, roc),
        precisionRecall(content, label, pr),
        heights(
            Figures.title("Sensitivity at specificity", content, label),
            FALSE_ALARM_PERCENT,
            percent -> 100 - percent,
            roc),
        heights(
            Figures.title("Precision at sensitivity", content, label),
            RECALL_PERCENT,
            percent -> percent,
            pr));
  }

  private static Figure roc(ReportContent content, Label label, Map<Split, Curve> curves) {
    ClassVocabulary words = content.words();
    String test = Numbers.interval(content.value(Split.TEST, Metric.AUC, label));
    String validation = Numbers.interval(content.value(Split.VALIDATION, Metric.AUC, label));
    Chart chart =
        Chart.of(
            Figures.id("roc", content, label),
            Figures.title("ROC curves of the test and the validation split", content, label),
            "Sensitivity over the false positive rate. AUC on test %s, on validation %s."
                .formatted(test, validation),
            Axis.unit("false alarms: share of " + words.briefOthers(label) + " (1 − specificity)"),
            Axis.unit("sensitivity: share of " + words.brief(label) + " found"),
            400);
    chart.diagonal(new Point(0, 0), new Point(1, 1));
    Figures.draw(chart, curves);
    for (Split split : Figures.SPLITS) {
      double specificity = content.value(split, Metric.SPECIFICITY, label).value();
      double sensitivity = content.value(split, Metric.SENSITIVITY, label).value();
      chart.dot(split.key(), new Point(1 - specificity, sensitivity));
    }
    chart.key(
        new Point(0.3, 0.24),
        "test",
        "test, AUC " + test,
        "validation",
        "validation, " + validation,
        "rule",
        "random, 0.5");
    return new Figure(
        chart.svg(),
        ("ROC curve. The area under it (AUC) is the probability that %s gets a higher "
                + "probability of %s than another image.")
            .formatted(words.one(label), words.name(label)));
  }

  private static Figure precisionRecall(
      ReportContent content, Label label, Map<Split, Curve> curves) {
    ClassVocabulary words = content.words();
    Evaluation test = content.evaluation(Split.TEST);
    double share = (double) test.images().get(label.index()) / test.total();
    Interval area = curves.get(Split.TEST).area();
    Interval other = curves.get(Split.VALIDATION).area();
    Chart chart = precisionRecall(content, label, area, other);
    chart.diagonal(new Point(0, share), new Point(1, share));
    Figures.draw(chart, curves);
    for (Split split : Figures.SPLITS) {
      double sensitivity = content.value(split, Metric.SENSITIVITY, label).value();
      double precision = content.value(split, Metric.PRECISION, label).value();
      chart.dot(split.key(), new Point(sensitivity, precision));
    }
    chart.key(
        new Point(0.1, 0.24),
        "test",
        "test, average precision " + Numbers.interval(area),
        "validation",
        "validation, " + Numbers.interval(other),
        "rule",
        "random on test, " + Numbers.decimals(share, 3));
    return new Figure(
        chart.svg(),
        ("Precision depends on the prevalence of %s: here %s of the test images. With a "
                + "lower prevalence, precision is lower.")
            .formatted(words.name(label), Numbers.percent(share)));
  }

  private static Chart precisionRecall(
      ReportContent content, Label label, Interval test, Interval validation) {
    return Chart.of(
        Figures.id("pr", content, label),
        Figures.title(
            "Precision-recall curves of the test and the validation split", content, label),
        "Precision over sensitivity. Average precision on test %s, on validation %s."
            .formatted(Numbers.interval(test), Numbers.interval(validation)),
        Axis.unit("sensitivity (recall): share of " + content.words().brief(label) + " found"),
        Axis.unit("precision: share of correct alarms"),
        400);
  }

  private static Table heights(
      String caption, int[] places, IntUnaryOperator label, Map<Split, Curve> curves) {
    Table table = Table.of(caption, "", Split.TEST.key(), Split.VALIDATION.key());
    for (int place : places) {
      table.row(
          label.applyAsInt(place) + " %",
          Numbers.interval(curves.get(Split.TEST).band().get(place).y()),
          Numbers.interval(curves.get(Split.VALIDATION).band().get(place).y()));
    }
    return table;
  }
}
