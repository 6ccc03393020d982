package io.github.deepxray.report.internal;

import io.github.deepxray.core.metrics.CalibrationBin;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.report.internal.Chart.Point;
import io.github.deepxray.report.internal.Chart.Range;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Section about calibration on both splits.
 *
 * @param errors calibration errors
 * @param classes charts of each class
 */
record CalibrationSection(Table errors, List<OfClass> classes) {
  /**
   * Chart of a class.
   *
   * @param heading heading; empty for a single class
   * @param bins numbers of the chart
   */
  record OfClass(String heading, Figure figure, Table bins) {}

  static CalibrationSection of(ReportContent content) {
    Table errors = Table.of("Calibration errors", "", "test", "validation");
    for (Metric metric : Metric.ofProbabilities()) {
      if (metric.better() == Metric.Better.LOWER) {
        errors.row(
            metric.title(content.words().size()),
            Numbers.interval(content.value(Split.TEST, metric)),
            Numbers.interval(content.value(Split.VALIDATION, metric)));
      }
    }
    return new CalibrationSection(
        errors,
        Figures.classes(content).stream()
            .map(
                label -> {
                  Map<Split, Map<Double, CalibrationBin>> binned = binned(content, label);
                  return new OfClass(
                      Figures.heading(content, label),
                      figure(content, label, binned),
                      bins(content.words(), label, binned));
                })
            .toList());
  }

  private static Map<Split, Map<Double, CalibrationBin>> binned(
      ReportContent content, Label label) {
    Map<Split, Map<Double, CalibrationBin>> binned = new LinkedHashMap<>();
    for (Split split : Figures.SPLITS) {
      Map<Double, CalibrationBin> bins = new TreeMap<>();
      CalibrationBin.of(content.scores(split), label.index())
          .forEach(bin -> bins.put(bin.low(), bin));
      binned.put(split, bins);
    }
    return binned;
  }

  private static Figure figure(
      ReportContent content, Label label, Map<Split, Map<Double, CalibrationBin>> binned) {
    ClassVocabulary words = content.words();
    Chart chart =
        Chart.of(
            Figures.id("calibration-chart", content, label),
            Figures.title("Calibration on the test and the validation split", content, label),
            ("Observed share of %s over the mean probability, in bins of the probability. "
                    + "Expected calibration error on test %s.")
                .formatted(
                    words.name(label),
                    Numbers.interval(content.value(Split.TEST, Metric.CALIBRATION_ERROR, label))),
            Axis.unit("mean probability of " + words.brief(label) + " in a bin"),
            Axis.unit("share of " + words.brief(label) + " in it"),
            400);
    chart.diagonal(new Point(0, 0), new Point(1, 1));
    List<Split> testOnTop = List.of(Split.VALIDATION, Split.TEST);
    for (Split split : testOnTop) {
      for (CalibrationBin bin : binned.get(split).values()) {
        chart.whisker(split.key(), new Range(bin.meanProbability(), bin.observed()));
        chart.dot(split.key(), new Point(bin.meanProbability(), bin.observed().value()));
      }
    }
    chart.key(new Point(0.03, 0.97), "test", "test", "validation", "validation", "rule", "perfect");
    return new Figure(
        chart.svg(),
        "Below the dashed line the probabilities of %s are too high, above it too low."
            .formatted(words.name(label)));
  }

  private static Table bins(
      ClassVocabulary words, Label label, Map<Split, Map<Double, CalibrationBin>> binned) {
    Table table =
        Table.of(
            "Share %s; Wilson intervals, with the number of patients as the number of trials."
                .formatted(words.having(label)),
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
    return table;
  }
}
