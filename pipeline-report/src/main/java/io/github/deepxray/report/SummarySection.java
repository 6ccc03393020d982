package io.github.deepxray.report;

import io.github.deepxray.classify.ArtifactReport;
import io.github.deepxray.core.metrics.ConfusionMatrix;
import io.github.deepxray.core.metrics.Evaluation;
import io.github.deepxray.core.metrics.Interval;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.datasets.DatasetManifest.SplitSummary;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.report.Table.Cell;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;

/** The first screen: what was trained on what, how good it is, where it fails, what is blessed. */
final class SummarySection {
  /** How many classes a line or a list names. */
  private static final int MOST = 6;

  private final ReportContent content;
  private final ClassVocabulary words;
  private final Evaluation test;
  private final Evaluation validation;
  private final Map<Metric, Pair> measured = new EnumMap<>(Metric.class);

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
    this.words = content.words();
    this.test = content.evaluation(Split.TEST);
    this.validation = content.evaluation(Split.VALIDATION);
    for (Metric metric : Metric.values()) {
      if (metric.better() == Metric.Better.HIGHER) {
        measured.put(
            metric,
            new Pair(content.value(Split.TEST, metric), content.value(Split.VALIDATION, metric)));
      }
    }
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
  private String caption() {
    return "In brackets 95 % intervals over resampled patients. "
        + Numbers.count(test.total())
        + " test images of "
        + Numbers.count(test.patients())
        + " patients, "
        + Numbers.count(validation.total())
        + " validation images of "
        + Numbers.count(validation.patients())
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
    Table table = Table.of(caption(), heads);
    measured.forEach(
        (metric, pair) ->
            table.row(
                List.of(
                    Cell.of(metric.title(words.size())),
                    interval("main", pair.test),
                    new Cell("strip", IntervalStrip.html(from, 1, pair.test, pair.validation)),
                    interval("", pair.validation),
                    Cell.of(
                        pair.clearlyWorse() ? "bad" : "", Numbers.signed(pair.difference(), 3)))));
    html.add(table.html());
    html.element(
        "p",
        "Decided for "
            + content.metrics().decision().describe(words.profile())
            + "; the AUC needs no decision. "
            + (words.targets().size() > 1
                ? "Macro is the mean over the classes, each against all others. "
                : "")
            + "Nothing was chosen on the test split. What is chosen, such as a threshold or the"
            + " epoch, is chosen on validation, which therefore flatters."
            + (measured.values().stream().anyMatch(p -> exact(p.test) || exact(p.validation))
                ? " An interval without width means that no image was decided wrongly, not that"
                    + " none ever will be."
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
    return interval.low() == 1 && interval.high() == 1;
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
            case VALIDATION -> "Chosen on";
            case TEST -> "Tested on";
          },
          Numbers.count(split.images())
              + " images of "
              + Numbers.count(split.patients())
              + " patients, "
              + words.targets().stream()
                  .limit(MOST)
                  .map(
                      label ->
                          Numbers.percent((double) split.labels().getOrDefault(label, 0) / images)
                              + " "
                              + words.having(label))
                  .collect(Collectors.joining(", ")));
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
    words.classes().labels().stream()
        .filter(label -> test.images().get(label.index()) > 0)
        .sorted(
            Comparator.comparingDouble(
                label -> content.value(Split.TEST, Metric.SENSITIVITY, label).value()))
        .limit(MOST)
        .forEach(label -> html.element("li", wrong(label)));
    drop(html);
    slices(html);
    Interval error = content.value(Split.TEST, Metric.CALIBRATION_ERROR);
    if (!Double.isNaN(error.value())) {
      html.element(
          "li",
          "Probabilities: on average "
              + Numbers.interval(error)
              + " away from how often they come true ("
              + Numbers.interval(content.value(Split.VALIDATION, Metric.CALIBRATION_ERROR))
              + " on validation); see calibration.");
    }
    html.close().close();
  }

  /** How many images of a class are decided to be of another, and of which. */
  private String wrong(Label label) {
    ConfusionMatrix counts = content.confusion(Split.TEST);
    List<Label> others =
        words.classes().labels().stream()
            .filter(other -> !other.equals(label) && counts.count(label.index(), other.index()) > 0)
            .sorted(
                Comparator.comparingLong(
                    (Label other) -> -counts.count(label.index(), other.index())))
            .limit(MOST)
            .toList();
    return Numbers.count(counts.wrong(label.index()))
        + " of "
        + Numbers.count(counts.images(label.index()))
        + " "
        + words.many(label)
        + " of the test split are called "
        + words.otherThan(label)
        + ", "
        + Numbers.percent(Numbers.rest(content.value(Split.TEST, Metric.SENSITIVITY, label)))
        + (words.size() == 2 || others.isEmpty()
            ? "."
            : others.stream()
                .map(
                    other ->
                        words.name(other)
                            + " "
                            + Numbers.count(counts.count(label.index(), other.index())))
                .collect(Collectors.joining(", ", ": ", ".")));
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
                        + worst.getKey().title(words.size())
                        + " is "
                        + Numbers.interval(worst.getValue().validation)
                        + " on validation and "
                        + Numbers.interval(worst.getValue().test)
                        + " on test. Expect the lower one, or less, elsewhere."));
  }

  private void slices(Html html) {
    Map<String, Interval> found = new LinkedHashMap<>();
    String decision = content.metrics().decision().name();
    content
        .metrics()
        .slices(Split.TEST)
        .forEach(
            (slice, evaluation) -> {
              if (evaluation.images().get(1) > 0) {
                found.put(slice, evaluation.of(Metric.SENSITIVITY, decision));
              }
            });
    if (found.size() > 1) {
      List<String> parts = new ArrayList<>();
      found.entrySet().stream()
          .sorted(
              Comparator.<Map.Entry<String, Interval>>comparingDouble(e -> e.getValue().value())
                  .thenComparing(Map.Entry::getKey))
          .forEach(e -> parts.add(e.getKey() + " " + Numbers.interval(e.getValue())));
      html.element(
          "li", "Found, by kind of " + words.scored() + ": " + String.join(", ", parts) + ".");
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
