package io.github.deepxray.report.internal;

import io.github.deepxray.core.metrics.CalibrationBin;
import io.github.deepxray.core.metrics.Curve;
import io.github.deepxray.core.metrics.TargetClasses;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.report.internal.Chart.Point;
import io.github.deepxray.report.internal.Chart.Range;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** Common parts of sections with charts of each class. */
final class Figures {
  /** Splits to show, test first. */
  static final List<Split> SPLITS = List.of(Split.TEST, Split.VALIDATION);

  private Figures() {}

  /** Returns the classes with charts. */
  static List<Label> classes(ReportContent content) {
    return TargetClasses.ofCharts(content.words().size()).stream().map(Label::new).toList();
  }

  /** Returns the identifier of a chart of a class. */
  static String id(String chart, ReportContent content, Label label) {
    return content.words().targets().size() == 1 ? chart : chart + "-" + label.index();
  }

  /** Returns a title, prefixed with the class if there are charts of several classes. */
  static String title(String title, ReportContent content, Label label) {
    return content.words().targets().size() == 1
        ? title
        : content.words().name(label) + ": " + title;
  }

  /** Returns the heading above the charts of a class; empty for a single class. */
  static String heading(ReportContent content, Label label) {
    return content.words().targets().size() > 1 ? content.words().name(label) : "";
  }

  /** Returns a reliability diagram of both splits, the test split on top. */
  static Chart reliability(
      String id,
      String title,
      ClassVocabulary words,
      Label label,
      Map<Split, ? extends Collection<CalibrationBin>> bins) {
    Chart chart =
        Chart.of(
            id,
            title,
            "Observed share of %s over the mean probability, in bins of the probability."
                .formatted(words.name(label)),
            Axis.unit("mean probability of " + words.brief(label) + " in a bin"),
            Axis.unit("share of " + words.brief(label) + " in it"),
            400);
    chart.diagonal(new Point(0, 0), new Point(1, 1));
    for (Split split : List.of(Split.VALIDATION, Split.TEST)) {
      for (CalibrationBin bin : bins.get(split)) {
        chart.whisker(split.key(), new Range(bin.meanProbability(), bin.observed()));
        chart.dot(split.key(), new Point(bin.meanProbability(), bin.observed().value()));
      }
    }
    return chart;
  }

  /** Adds the curves of both splits with their bands, the test split on top. */
  static void draw(Chart chart, Map<Split, Curve> curves) {
    curves.forEach(
        (split, curve) ->
            chart.band(
                split.key(), curve.band().stream().map(b -> new Range(b.x(), b.y())).toList()));
    List<Split> lastOnTop = new ArrayList<>(curves.keySet());
    Collections.reverse(lastOnTop);
    for (Split split : lastOnTop) {
      chart.line(
          split.key(),
          curves.get(split).points().stream().map(p -> new Point(p.x(), p.y())).toList());
    }
  }
}
