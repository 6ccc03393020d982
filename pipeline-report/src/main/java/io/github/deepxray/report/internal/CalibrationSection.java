package io.github.deepxray.report.internal;

import io.github.deepxray.core.metrics.CalibrationBin;
import io.github.deepxray.core.metrics.Interval;
import io.github.deepxray.core.metrics.Measurements;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.report.internal.Chart.Point;
import io.github.deepxray.train.ProbabilityCalibration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;

/**
 * Section about calibration on both splits.
 *
 * @param fit method of calibration and its cross-validated errors, as text; empty without a fit
 * @param errors calibration errors
 * @param classes charts of each class
 */
record CalibrationSection(String fit, Table errors, List<OfClass> classes) {
  /**
   * Chart of a class.
   *
   * @param heading heading; empty for a single class
   * @param figures chart, and the chart before calibration, if any
   * @param bins numbers of the first chart
   */
  record OfClass(String heading, List<Figure> figures, Table bins) {}

  static CalibrationSection of(ReportContent content) {
    return new CalibrationSection(
        fit(content),
        errors(content),
        Figures.classes(content).stream().map(label -> ofClass(content, label)).toList());
  }

  private static ProbabilityCalibration calibration(ReportContent content) {
    return content.training().calibration();
  }

  private static String fit(ReportContent content) {
    Interval test = content.value(Split.TEST, Metric.CALIBRATION_ERROR);
    Interval validation = content.value(Split.VALIDATION, Metric.CALIBRATION_ERROR);
    return calibration(content).describe()
        + (!calibration(content).identity() && test.low() > validation.high()
            ? " The test split differs from these images and stays uncalibrated."
            : "");
  }

  private static Table errors(ReportContent content) {
    Map<String, Measurements> before = content.metrics().uncalibrated();
    List<String> heads = new ArrayList<>(List.of("", "test", "validation"));
    before.keySet().forEach(split -> heads.add(split + " before calibration"));
    Table errors = Table.of("Calibration errors", heads.toArray(String[]::new));
    for (Metric metric : Metric.ofProbabilities()) {
      if (metric.better() == Metric.Better.LOWER) {
        List<String> cells = new ArrayList<>(List.of(metric.title(content.words().size())));
        cells.add(Numbers.interval(content.value(Split.TEST, metric)));
        cells.add(Numbers.interval(content.value(Split.VALIDATION, metric)));
        before.values().forEach(values -> cells.add(Numbers.interval(values.of(metric))));
        errors.row(cells.toArray(String[]::new));
      }
    }
    return errors;
  }

  private static OfClass ofClass(ReportContent content, Label label) {
    Map<Split, Map<Double, CalibrationBin>> binned = binned(content, label, scores -> scores);
    List<Figure> figures = new ArrayList<>(List.of(figure(content, label, binned, "Calibration")));
    if (!calibration(content).identity()) {
      figures.add(
          figure(
              content,
              label,
              binned(content, label, calibration(content).inverse()::apply),
              "Before calibration"));
    }
    return new OfClass(
        Figures.heading(content, label), figures, bins(content.words(), label, binned));
  }

  private static Map<Split, Map<Double, CalibrationBin>> binned(
      ReportContent content, Label label, UnaryOperator<SplitScores> probabilities) {
    Map<Split, Map<Double, CalibrationBin>> binned = new LinkedHashMap<>();
    for (Split split : Figures.SPLITS) {
      Map<Double, CalibrationBin> bins = new TreeMap<>();
      CalibrationBin.of(probabilities.apply(content.scores(split)), label.index())
          .forEach(bin -> bins.put(bin.low(), bin));
      binned.put(split, bins);
    }
    return binned;
  }

  private static Figure figure(
      ReportContent content,
      Label label,
      Map<Split, Map<Double, CalibrationBin>> binned,
      String what) {
    ClassVocabulary words = content.words();
    Map<Split, Collection<CalibrationBin>> bins = new EnumMap<>(Split.class);
    binned.forEach((split, byPlace) -> bins.put(split, byPlace.values()));
    Chart chart =
        Figures.reliability(
            Figures.id(what.toLowerCase(Locale.ROOT).replace(' ', '-') + "-chart", content, label),
            Figures.title(what + " on the test and the validation split", content, label),
            words,
            label,
            bins);
    chart.key(new Point(0.03, 0.97), "test", "test", "validation", "validation", "rule", "perfect");
    return new Figure(
        chart.svg(),
        "%s. Below the dashed line the probabilities of %s are too high, above it too low."
            .formatted(what, words.name(label)));
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
