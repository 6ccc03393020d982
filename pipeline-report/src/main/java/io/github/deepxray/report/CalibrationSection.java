package io.github.deepxray.report;

import io.github.deepxray.core.metrics.CalibrationBin;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.report.Chart.Point;
import io.github.deepxray.report.Chart.Range;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** How far probabilities come true, on both splits. */
final class CalibrationSection {
  private final ReportContent content;
  private final ClassVocabulary words;
  private final Html html = new Html();

  private CalibrationSection(ReportContent content) {
    this.content = content;
    this.words = content.words();
  }

  static Html html(ReportContent content) {
    CalibrationSection section = new CalibrationSection(content);
    section.write();
    return section.html;
  }

  private void write() {
    html.open("section", "id", "calibration").element("h2", "Calibration");
    Table errors = Table.of("Distance from the truth", "", "test", "validation");
    for (Metric metric : Metric.ofProbabilities()) {
      if (metric.better() == Metric.Better.LOWER) {
        errors.row(
            metric.title(words.size()),
            Numbers.interval(content.value(Split.TEST, metric)),
            Numbers.interval(content.value(Split.VALIDATION, metric)));
      }
    }
    html.add(errors.html());
    Figures.classes(content).forEach(this::calibration);
    html.close();
  }

  private void calibration(Label label) {
    Chart chart =
        Chart.of(
            Figures.id("calibration-chart", content, label),
            Figures.title("Calibration on the test and the validation split", content, label),
            "How often it is "
                + words.name(label)
                + " over the mean probability, in bins of the probability. Expected calibration"
                + " error on test "
                + Numbers.interval(content.value(Split.TEST, Metric.CALIBRATION_ERROR, label))
                + ".",
            Axis.unit("mean probability of " + words.brief(label) + " in a bin"),
            Axis.unit("share of " + words.brief(label) + " in it"),
            400);
    chart.diagonal(new Point(0, 0), new Point(1, 1));
    Map<Split, Map<Double, CalibrationBin>> binned = new LinkedHashMap<>();
    for (Split split : Figures.SPLITS) {
      Map<Double, CalibrationBin> bins = new TreeMap<>();
      CalibrationBin.of(content.scores(split), label.index())
          .forEach(bin -> bins.put(bin.low(), bin));
      binned.put(split, bins);
    }
    List<Split> testOnTop = List.of(Split.VALIDATION, Split.TEST);
    for (Split split : testOnTop) {
      for (CalibrationBin bin : binned.get(split).values()) {
        chart.whisker(split.key(), new Range(bin.meanProbability(), bin.observed()));
        chart.dot(split.key(), new Point(bin.meanProbability(), bin.observed().value()));
      }
    }
    chart.key(new Point(0.03, 0.97), "test", "test", "validation", "validation", "rule", "perfect");
    Figures.heading(html, content, label);
    html.open("div", "class", "figures");
    Figures.figure(
        html,
        chart,
        "Below the dashed line the model is too sure of "
            + words.name(label)
            + ", above it not sure enough.");
    html.add(bins(label, binned)).close();
  }

  private Html bins(Label label, Map<Split, Map<Double, CalibrationBin>> binned) {
    Table table =
        Table.of(
            "Share "
                + words.having(label)
                + "; intervals are Wilson's, with the patients for the number of trials.",
            "probability",
            "test images (patients)",
            words.having(label),
            "validation images (patients)",
            words.having(label));
    Set<Double> places = new TreeSet<>();
    binned.values().forEach(bins -> places.addAll(bins.keySet()));
    for (double place : places) {
      List<String> cells = new ArrayList<>(List.of("from " + Numbers.decimals(place, 2)));
      for (Split split : Figures.SPLITS) {
        Optional<CalibrationBin> found = Optional.ofNullable(binned.get(split).get(place));
        cells.add(
            found
                .map(
                    bin -> Numbers.count(bin.images()) + " (" + Numbers.count(bin.patients()) + ")")
                .orElse("0"));
        cells.add(found.map(bin -> Numbers.interval(bin.observed())).orElse(Numbers.NONE));
      }
      table.row(cells.toArray(String[]::new));
    }
    return table.html();
  }
}
