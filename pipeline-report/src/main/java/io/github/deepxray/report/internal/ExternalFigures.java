package io.github.deepxray.report.internal;

import io.github.deepxray.core.internal.Keyed;
import io.github.deepxray.core.metrics.CalibrationBin;
import io.github.deepxray.core.metrics.Curve;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.core.metrics.TargetClasses;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.report.ExternalValidation;
import io.github.deepxray.report.internal.Chart.Point;
import io.github.deepxray.train.Predictions;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;

/**
 * Charts of a class in an external validation. The external images have the style of the test
 * split, the bundle's own test split that of validation.
 *
 * @param heading heading; empty for a single class
 * @param roc ROC curves
 * @param calibration reliability diagram
 * @param scores histograms of the probabilities of the images of the class and of all others
 */
record ExternalFigures(String heading, Figure roc, Figure calibration, List<Figure> scores) {
  private static final String EXTERNAL = Split.TEST.key();
  private static final String OWN = Split.VALIDATION.key();

  ExternalFigures {
    scores = List.copyOf(scores);
  }

  /** Images of a histogram. */
  private enum Side implements Keyed {
    CLASS,
    OTHERS
  }

  /** Content of the charts. */
  record Source(ExternalValidation result, Predictions external, Predictions own, long seed) {
    ClassVocabulary words() {
      return new ClassVocabulary(result.model().profile());
    }

    String id(String chart, Label label) {
      return chart + "-" + label.index();
    }
  }

  static List<ExternalFigures> of(Source source) {
    return TargetClasses.ofCharts(source.words().size()).stream()
        .map(Label::new)
        .map(
            label ->
                new ExternalFigures(
                    source.words().targets().size() > 1 ? source.words().name(label) : "",
                    roc(source, label),
                    calibration(source, label),
                    List.of(scores(source, label, Side.CLASS), scores(source, label, Side.OTHERS))))
        .toList();
  }

  private static Figure roc(Source source, Label label) {
    ClassVocabulary words = source.words();
    Map<Split, Curve> curves = new LinkedHashMap<>();
    curves.put(Split.TEST, Curve.roc(source.external.scores(), label.index(), source.seed));
    curves.put(Split.VALIDATION, Curve.roc(source.own.scores(), label.index(), source.seed));
    String external = Numbers.interval(curves.get(Split.TEST).area());
    String own = Numbers.interval(curves.get(Split.VALIDATION).area());
    Chart chart =
        Chart.of(
            source.id("roc", label),
            "ROC curves of the external images and the own test split: " + words.name(label),
            "Sensitivity over the false positive rate. AUC %s, on the own test split %s."
                .formatted(external, own),
            Axis.unit("false alarms: share of " + words.briefOthers(label) + " (1 − specificity)"),
            Axis.unit("sensitivity: share of " + words.brief(label) + " found"),
            400);
    chart.diagonal(new Point(0, 0), new Point(1, 1));
    Figures.draw(chart, curves);
    chart.dot(
        EXTERNAL,
        new Point(
            1 - value(source, Metric.SPECIFICITY, label),
            value(source, Metric.SENSITIVITY, label)));
    chart.key(
        new Point(0.3, 0.24),
        EXTERNAL,
        "external, AUC " + external,
        OWN,
        "own test, " + own,
        "rule",
        "random, 0.5");
    return new Figure(
        chart.svg(),
        "ROC curves with pointwise 95 % bands by patient. The dot is the bundle's decision.");
  }

  private static double value(Source source, Metric metric, Label label) {
    return source
        .result
        .evaluation()
        .of(metric, ExternalValidation.DECISION, label.index())
        .value();
  }

  private static Figure calibration(Source source, Label label) {
    ClassVocabulary words = source.words();
    Chart chart =
        Figures.reliability(
            source.id("calibration", label),
            "Calibration on the external images and the own test split: " + words.name(label),
            words,
            label,
            Map.of(
                Split.VALIDATION, CalibrationBin.of(source.own.scores(), label.index()),
                Split.TEST, CalibrationBin.of(source.external.scores(), label.index())));
    chart.key(new Point(0.03, 0.97), EXTERNAL, "external", OWN, "own test", "rule", "perfect");
    return new Figure(
        chart.svg(),
        ("Below the dashed line the probabilities of %s are too high, above it too low. They"
                + " depend on its share of the images.")
            .formatted(words.name(label)));
  }

  /** Returns the histogram of the images of the class, or of all others. */
  private static Figure scores(Source source, Label label, Side side) {
    ClassVocabulary words = source.words();
    String name = side == Side.CLASS ? words.name(label) : words.otherThan(label);
    double[] external = histogram(source.external, label, side);
    double[] before = histogram(source.own, label, side);
    double most =
        DoubleStream.concat(Arrays.stream(external), Arrays.stream(before))
            .filter(share -> !Double.isNaN(share))
            .max()
            .orElse(0);
    Chart chart =
        Chart.of(
            source.id("scores-" + side.key(), label),
            "Probabilities of images: " + name,
            "Share of images by the probability of " + words.name(label) + ".",
            Axis.unit("probability of " + words.brief(label)),
            Axis.around("share of images", 0, most, 4).inPercent(),
            220);
    ScoresSection.draw(chart, external, before);
    source
        .result
        .evaluation()
        .decisions()
        .get(ExternalValidation.DECISION)
        .threshold()
        .ifPresent(t -> chart.vertical(t, "threshold " + Numbers.decimals(t, 2)));
    return new Figure(
        chart.svg(), "Images of " + name + ": bars external, line the own test split");
  }

  /** Returns the share of images in each bin; NaN without images. */
  private static double[] histogram(Predictions predictions, Label label, Side side) {
    return ScoresSection.histogram(
        predictions.rows().stream()
            .filter(row -> (row.example().label() == label.index()) == (side == Side.CLASS))
            .toList(),
        label);
  }
}
