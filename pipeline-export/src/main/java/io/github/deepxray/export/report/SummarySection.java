package io.github.deepxray.export.report;

import io.github.deepxray.core.bundle.ArtifactReport;
import io.github.deepxray.core.html.Html;
import io.github.deepxray.core.metrics.ConfusionMatrix;
import io.github.deepxray.core.metrics.Evaluation;
import io.github.deepxray.core.metrics.Interval;
import io.github.deepxray.datasets.DatasetManifest.SplitSummary;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.datasets.Slice;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.export.report.Table.Cell;
import io.github.deepxray.train.DecisionThresholds;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;

/** The first screen: what was trained on what, how good it is, where it fails, what is blessed. */
final class SummarySection {
  private final ReportContent content;
  private final Wording words;
  private final Evaluation test;
  private final Evaluation validation;
  private final Map<String, Pair> measured = new LinkedHashMap<>();

  /** A metric on both splits. */
  private record Pair(Interval test, Interval validation) {
    double difference() {
      return test.value() - validation.value();
    }

    /** Whether the intervals do not even touch. */
    boolean clearlyWorse() {
      return test.high() < validation.low();
    }
  }

  private SummarySection(ReportContent content) {
    this.content = content;
    this.words = content.wording();
    this.test = content.evaluation(Split.TEST);
    this.validation = content.evaluation(Split.VALIDATION);
    Evaluation.AtThreshold t = content.decided(Split.TEST);
    Evaluation.AtThreshold v = content.decided(Split.VALIDATION);
    measured.put("AUC", new Pair(test.auc(), validation.auc()));
    measured.put("sensitivity", new Pair(t.sensitivity(), v.sensitivity()));
    measured.put("specificity", new Pair(t.specificity(), v.specificity()));
    measured.put("precision", new Pair(t.precision(), v.precision()));
    measured.put("accuracy", new Pair(t.accuracy(), v.accuracy()));
  }

  static Html html(ReportContent content) {
    SummarySection section = new SummarySection(content);
    Html html = new Html();
    html.open("div", "class", "cards");
    section.quality(html);
    section.model(html);
    section.failures(html);
    section.artifacts(html);
    return html.close();
  }

  /** What stands above metrics of both splits. */
  static String caption(
      long images, long patients, long validationImages, long validationPatients) {
    return "In brackets 95 % intervals over resampled patients. "
        + Numbers.count(images)
        + " test images of "
        + Numbers.count(patients)
        + " patients, "
        + Numbers.count(validationImages)
        + " validation images of "
        + Numbers.count(validationPatients)
        + ".";
  }

  private void quality(Html html) {
    html.open("section", "class", "card wide", "id", "quality");
    html.element("h2", "How good, and how sure");
    double least =
        measured.values().stream()
            .flatMapToDouble(p -> DoubleStream.of(p.test.low(), p.validation.low()))
            .filter(v -> !Double.isNaN(v))
            .min()
            .orElse(0);
    double from = Math.max(0, Math.floor(least * 10 - 1e-9) / 10);
    List<Cell> heads = new ArrayList<>();
    heads.add(Cell.of(""));
    heads.add(Cell.of("key test", "test"));
    heads.add(new Cell("strip", IntervalStrip.scale(from, 1)));
    heads.add(Cell.of("key validation", "validation"));
    heads.add(Cell.of("test − validation"));
    Table table =
        Table.of(
            caption(test.images(), test.patients(), validation.images(), validation.patients()),
            heads);
    measured.forEach(
        (name, pair) ->
            table.row(
                List.of(
                    Cell.of(name),
                    interval("main", pair.test),
                    new Cell("strip", IntervalStrip.html(from, 1, pair.test, pair.validation)),
                    interval("", pair.validation),
                    Cell.of(
                        pair.clearlyWorse() ? "bad" : "", Numbers.signed(pair.difference(), 3)))));
    html.add(table.html());
    html.element(
        "p",
        "All but the AUC at the threshold "
            + Numbers.probability(content.threshold())
            + ", which finds "
            + Numbers.percent(content.metrics().thresholds().targetSensitivity())
            + " of the "
            + words.positives()
            + " in validation. Nothing was chosen on the test split. The threshold,"
            + " and often the epoch, was chosen on validation, which therefore flatters."
            + (measured.values().stream().anyMatch(p -> exact(p.test) || exact(p.validation))
                ? " An interval without width means that no image was decided wrongly, not that none"
                    + " ever will be."
                : ""),
        "class",
        "soft");
    html.close();
  }

  /** An interval that breaks nowhere but behind its value, for narrow screens. */
  private static Cell interval(String style, Interval interval) {
    String[] parts = Numbers.interval(interval).split(" ", 2);
    Html html = new Html().text(parts[0]);
    if (parts.length > 1) {
      html.text(" ").element("span", parts[1], "class", "together");
    }
    return new Cell(style, html);
  }

  private static boolean exact(Interval interval) {
    return interval.low() == interval.high();
  }

  private void model(Html html) {
    html.open("section", "class", "card", "id", "model");
    html.element("h2", "What was trained on what");
    html.open("dl");
    pair(html, "Data", content.data());
    for (SplitSummary split : content.dataset().splits()) {
      int images = Math.max(1, split.images());
      pair(
          html,
          switch (split.split()) {
            case TRAIN -> "Trained on";
            case VALIDATION -> "Threshold chosen on";
            case TEST -> "Tested on";
          },
          Numbers.count(split.images())
              + " images of "
              + Numbers.count(split.patients())
              + " patients, "
              + Numbers.percent((double) split.labels().getOrDefault(Label.PNEUMONIA, 0) / images)
              + " "
              + words.positiveOnes());
    }
    pair(
        html,
        "Backbone",
        content.training().backbone()
            + ", "
            + content.training().imageSize()
            + " pixels; its weights: "
            + content.backbone());
    pair(
        html,
        "Head",
        content.training().head().name() + ", " + content.training().epochs() + " epochs");
    html.close().close();
  }

  private static void pair(Html html, String name, String value) {
    html.element("dt", name).element("dd", value);
  }

  private void failures(Html html) {
    html.open("section", "class", "card wide", "id", "failures");
    html.element("h2", "Where it fails");
    html.open("ul");
    Evaluation.AtThreshold at = content.decided(Split.TEST);
    ConfusionMatrix counts = at.confusion();
    List<String> kinds =
        new ArrayList<>(
            List.of(
                wrong(
                    "False alarms",
                    counts.falsePositives(),
                    counts.falsePositives() + counts.trueNegatives(),
                    words.negativesOfTest() + " are called " + words.positive(),
                    at.specificity()),
                wrong(
                    "Missed",
                    counts.falseNegatives(),
                    counts.falseNegatives() + counts.truePositives(),
                    words.positivesOfTest() + " are called " + words.negative(),
                    at.sensitivity())));
    if (at.sensitivity().value() < at.specificity().value()) {
      Collections.reverse(kinds);
    }
    kinds.forEach(kind -> html.element("li", kind));
    drop(html);
    slices(html);
    Interval error = test.expectedCalibrationError();
    if (!Double.isNaN(error.value())) {
      html.element(
          "li",
          "Probabilities: on average "
              + Numbers.interval(error)
              + " away from how often it is "
              + words.positive()
              + " ("
              + Numbers.interval(validation.expectedCalibrationError())
              + " on validation); see calibration.");
    }
    html.close().close();
  }

  private static String wrong(String kind, long wrong, long all, String what, Interval right) {
    return kind
        + ": "
        + Numbers.count(wrong)
        + " of "
        + Numbers.count(all)
        + " "
        + what
        + ", "
        + Numbers.percent(Numbers.rest(right))
        + ".";
  }

  private void drop(Html html) {
    measured.entrySet().stream()
        .filter(e -> e.getValue().clearlyWorse())
        .min(Comparator.comparingDouble(e -> e.getValue().difference()))
        .ifPresent(
            worst ->
                html.element(
                    "li",
                    "From validation to test: "
                        + worst.getKey()
                        + " is "
                        + Numbers.interval(worst.getValue().validation)
                        + " on validation and "
                        + Numbers.interval(worst.getValue().test)
                        + " on test. Expect the lower one, or less, elsewhere."));
  }

  private void slices(Html html) {
    Map<String, Interval> found = new LinkedHashMap<>();
    content
        .metrics()
        .slices()
        .getOrDefault(Split.TEST.key(), Map.of())
        .forEach(
            (slice, evaluation) -> {
              if (!slice.equals(Slice.NORMAL.key())) {
                found.put(
                    slice, evaluation.thresholds().get(DecisionThresholds.DEFAULT).sensitivity());
              }
            });
    if (found.size() > 1) {
      List<String> parts = new ArrayList<>();
      found.entrySet().stream()
          .sorted(
              Comparator.<Map.Entry<String, Interval>>comparingDouble(e -> e.getValue().value())
                  .thenComparing(Map.Entry::getKey))
          .forEach(e -> parts.add(e.getKey() + " " + Numbers.interval(e.getValue())));
      html.element("li", "Found, by kind of pneumonia: " + String.join(", ", parts) + ".");
    }
  }

  private void artifacts(Html html) {
    html.open("section", "class", "card", "id", "verdicts");
    html.element("h2", "Which artifacts are blessed");
    html.open("ul", "class", "verdicts");
    for (ArtifactReport artifact : content.artifacts()) {
      boolean blessed = artifact.verdict().blessed();
      html.open("li");
      html.element("span", blessed ? "✓ blessed" : "✗ refused", "class", blessed ? "good" : "bad");
      html.text(" ").element("code", artifact.path());
      html.element("span", " " + Numbers.megabytes(artifact.size().raw()) + " MB", "class", "soft");
      html.close();
    }
    html.close();
    html.element(
        "p",
        "Blessed: AUC, accuracy and probabilities are within the bundle's limits of the trained"
            + " model's on validation and test.",
        "class",
        "soft");
    html.close();
  }
}
