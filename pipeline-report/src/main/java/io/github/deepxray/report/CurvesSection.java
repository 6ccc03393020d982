package io.github.deepxray.report;

import io.github.deepxray.core.metrics.Curve;
import io.github.deepxray.core.metrics.Evaluation;
import io.github.deepxray.core.metrics.Interval;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.report.Chart.Point;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntUnaryOperator;

/** ROC and precision-recall curves of each class against all others, on both splits. */
final class CurvesSection {
  private static final int[] FALSE_ALARM_PERCENT = {20, 10, 5, 2, 1};
  private static final int[] RECALL_PERCENT = {80, 90, 95, 99, 100};

  private final ReportContent content;
  private final ClassVocabulary words;
  private final Html html = new Html();

  private CurvesSection(ReportContent content) {
    this.content = content;
    this.words = content.words();
  }

  static Html html(ReportContent content) {
    CurvesSection section = new CurvesSection(content);
    section.write();
    return section.html;
  }

  private void write() {
    html.open("section", "id", "curves")
        .element(
            "h2",
            words.size() == 2
                ? "Telling one from the other"
                : "Telling each class from the others");
    Figures.soft(
        html,
        "At every threshold of the probability of "
            + words.scored()
            + ". Bands are 95 % intervals over "
            + Numbers.count(Evaluation.RESAMPLES)
            + " resamples of patients, at each place by itself; the dot is what is decided. Numbers"
            + " read off the test curves describe the model; to choose anything by them would"
            + " spoil the test.");
    for (Label label : Figures.classes(content)) {
      Map<Split, Curve> roc = new LinkedHashMap<>();
      Map<Split, Curve> pr = new LinkedHashMap<>();
      for (Split split : Figures.SPLITS) {
        long seed = content.training().seed();
        roc.put(split, Curve.roc(content.scores(split), label.index(), seed));
        pr.put(split, Curve.precisionRecall(content.scores(split), label.index(), seed));
      }
      Figures.heading(html, content, label);
      html.open("div", "class", "figures");
      roc(label, roc);
      precisionRecall(label, pr);
      html.close().open("div", "class", "figures");
      html.add(
          heights(
              Figures.title("Sensitivity where the specificity is", content, label),
              FALSE_ALARM_PERCENT,
              percent -> 100 - percent,
              roc));
      html.add(
          heights(
              Figures.title("Precision where the sensitivity is", content, label),
              RECALL_PERCENT,
              percent -> percent,
              pr));
      html.close();
    }
    html.close();
  }

  private void roc(Label label, Map<Split, Curve> curves) {
    String test = Numbers.interval(content.value(Split.TEST, Metric.AUC, label));
    String validation = Numbers.interval(content.value(Split.VALIDATION, Metric.AUC, label));
    Chart chart =
        Chart.of(
            Figures.id("roc", content, label),
            Figures.title("ROC curves of the test and the validation split", content, label),
            "Sensitivity over the share of false alarms. AUC on test "
                + test
                + ", on validation "
                + validation
                + ".",
            Axis.unit("false alarms: share of " + words.briefOthers(label) + " (1 − specificity)"),
            Axis.unit("sensitivity: share of " + words.brief(label) + " found"),
            400);
    chart.diagonal(new Point(0, 0), new Point(1, 1));
    Figures.draw(chart, curves);
    for (Split split : Figures.SPLITS) {
      chart.dot(
          split.key(),
          new Point(
              1 - content.value(split, Metric.SPECIFICITY, label).value(),
              content.value(split, Metric.SENSITIVITY, label).value()));
    }
    chart.key(
        new Point(0.3, 0.24),
        "test",
        "test, AUC " + test,
        "validation",
        "validation, " + validation,
        "rule",
        "guessing, 0.5");
    Figures.figure(
        html,
        chart,
        "ROC. The area under it (AUC) is the chance that "
            + words.one(label)
            + " has a higher probability of "
            + words.name(label)
            + " than another image.");
  }

  private void precisionRecall(Label label, Map<Split, Curve> curves) {
    Evaluation test = content.evaluation(Split.TEST);
    double share = (double) test.images().get(label.index()) / test.total();
    Interval area = curves.get(Split.TEST).area();
    Interval other = curves.get(Split.VALIDATION).area();
    Chart chart =
        Chart.of(
            Figures.id("pr", content, label),
            Figures.title(
                "Precision-recall curves of the test and the validation split", content, label),
            "Precision over sensitivity. Average precision on test "
                + Numbers.interval(area)
                + ", on validation "
                + Numbers.interval(other)
                + ".",
            Axis.unit("sensitivity (recall): share of " + words.brief(label) + " found"),
            Axis.unit("precision: share of alarms that are right"),
            400);
    chart.diagonal(new Point(0, share), new Point(1, share));
    Figures.draw(chart, curves);
    for (Split split : Figures.SPLITS) {
      chart.dot(
          split.key(),
          new Point(
              content.value(split, Metric.SENSITIVITY, label).value(),
              content.value(split, Metric.PRECISION, label).value()));
    }
    chart.key(
        new Point(0.1, 0.24),
        "test",
        "test, average precision " + Numbers.interval(area),
        "validation",
        "validation, " + Numbers.interval(other),
        "rule",
        "guessing on test, " + Numbers.decimals(share, 3));
    Figures.figure(
        html,
        chart,
        "Precision depends on how common "
            + words.name(label)
            + " is: here "
            + Numbers.percent(share)
            + " of the test images. Where it is rarer, precision is lower.");
  }

  private static Html heights(
      String caption, int[] places, IntUnaryOperator label, Map<Split, Curve> curves) {
    Table table = Table.of(caption, "", Split.TEST.key(), Split.VALIDATION.key());
    for (int place : places) {
      table.row(
          label.applyAsInt(place) + " %",
          Numbers.interval(curves.get(Split.TEST).band().get(place).y()),
          Numbers.interval(curves.get(Split.VALIDATION).band().get(place).y()));
    }
    return table.html();
  }
}
