package io.github.deepxray.report.internal;

import io.github.deepxray.core.metrics.ConfusionMatrix;
import io.github.deepxray.core.metrics.Evaluation;
import io.github.deepxray.core.metrics.Interval;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.datasets.DatasetManifest.SplitSummary;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.train.internal.embedding.View;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;

/**
 * Summary section: model, metrics, failures and verdicts of the gate.
 *
 * @param quality metrics of both splits
 * @param rule description of the decision
 * @param macro whether metrics are means over classes
 * @param exact whether an interval has no width
 * @param model names and values about model and data
 * @param failures a line for each kind of failure
 * @param artifacts verdicts of the gate
 */
record SummarySection(
    Table quality,
    String rule,
    boolean macro,
    boolean exact,
    Map<String, String> model,
    List<String> failures,
    List<Artifact> artifacts) {
  /** Maximum number of classes in a line or list. */
  private static final int MOST = 6;

  /** Artifact and its verdict. */
  record Artifact(String path, String megabytes, boolean blessed) {}

  /** Metric on both splits. */
  private record Pair(Interval test, Interval validation) {
    double difference() {
      return test.value() - validation.value();
    }

    /** Whether the test interval is below the validation interval. */
    boolean clearlyWorse() {
      return test.high() < validation.low();
    }

    /** Whether an interval has no width. */
    boolean exact() {
      return exact(test) || exact(validation);
    }

    private static boolean exact(Interval interval) {
      return interval.low() == 1 && interval.high() == 1;
    }
  }

  static SummarySection of(ReportContent content) {
    Map<Metric, Pair> measured = new EnumMap<>(Metric.class);
    for (Metric metric : Metric.values()) {
      if (metric.better() == Metric.Better.HIGHER) {
        measured.put(
            metric,
            new Pair(content.value(Split.TEST, metric), content.value(Split.VALIDATION, metric)));
      }
    }
    return new SummarySection(
        quality(content, measured),
        content.metrics().decision().describe(content.words().profile()),
        content.words().targets().size() > 1,
        measured.values().stream().anyMatch(Pair::exact),
        model(content),
        failures(content, measured),
        content.artifacts().stream()
            .map(
                artifact ->
                    new Artifact(
                        artifact.path(),
                        Numbers.megabytes(artifact.size().raw()),
                        artifact.verdict().blessed()))
            .toList());
  }

  /** Returns the caption of the metrics of both splits. */
  private static String caption(Evaluation test, Evaluation validation) {
    return ("In brackets 95 %% bootstrap intervals by patient. %s test images of %s "
            + "patients, %s validation images of %s; framed: %s random framings of each.")
        .formatted(
            Numbers.count(test.total()),
            Numbers.count(test.patients()),
            Numbers.count(validation.total()),
            Numbers.count(validation.patients()),
            View.FRAMED);
  }

  private static Table quality(ReportContent content, Map<Metric, Pair> measured) {
    double least =
        measured.values().stream()
            .flatMapToDouble(p -> DoubleStream.of(p.test.low(), p.validation.low()))
            .filter(v -> !Double.isNaN(v))
            .min()
            .orElse(0);
    double from = IntervalStrip.from(least);
    Table table =
        Table.of(
            caption(content.evaluation(Split.TEST), content.evaluation(Split.VALIDATION)),
            List.of(
                Cell.of(""),
                Cell.of("key test", "test"),
                Cell.of(IntervalStrip.scale(from, 1)),
                Cell.of("key validation", "validation"),
                Cell.of("framed"),
                Cell.of("test − validation")));
    measured.forEach(
        (metric, pair) ->
            table.row(
                List.of(
                    Cell.of(metric.title(content.words().size())),
                    interval("main", pair.test),
                    Cell.of(IntervalStrip.of(from, 1, pair.test, pair.validation)),
                    interval("", pair.validation),
                    interval("", content.framed(metric)),
                    Cell.of(
                        pair.clearlyWorse() ? "bad" : "", Numbers.signed(pair.difference(), 3)))));
    return table;
  }

  /** Returns a cell with an interval that can break only after its value, for narrow screens. */
  static Cell interval(String style, Interval interval) {
    String[] parts = Numbers.interval(interval).split(" ", 2);
    return parts.length == 1
        ? Cell.of(style, parts[0])
        : Cell.of(
            style, List.of(Span.plain(parts[0] + " "), new Span(Span.Look.TOGETHER, parts[1])));
  }

  private static Map<String, String> model(ReportContent content) {
    Map<String, String> model = new LinkedHashMap<>();
    model.put("Data", content.data());
    for (SplitSummary split : content.dataset().splits()) {
      model.put(
          switch (split.split()) {
            case TRAIN -> "Trained on";
            case VALIDATION -> "Chosen on";
            case TEST -> "Tested on";
          },
          split(content.words(), split));
    }
    model.put(
        "Backbone",
        content.training().backbone()
            + ", "
            + content.training().imageSize()
            + " pixels; its weights: "
            + content.backbone());
    model.put(
        "Head", content.training().head().name() + ", " + content.training().epochs() + " epochs");
    return model;
  }

  private static String split(ClassVocabulary words, SplitSummary split) {
    int images = Math.max(1, split.images());
    return Numbers.count(split.images())
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
            .collect(Collectors.joining(", "));
  }

  private static List<String> failures(ReportContent content, Map<Metric, Pair> measured) {
    Evaluation test = content.evaluation(Split.TEST);
    List<String> failures = new ArrayList<>();
    content.words().classes().labels().stream()
        .filter(label -> test.images().get(label.index()) > 0)
        .sorted(
            Comparator.comparingDouble(
                label -> content.value(Split.TEST, Metric.SENSITIVITY, label).value()))
        .limit(MOST)
        .forEach(label -> failures.add(wrong(content, label)));
    drop(content.words(), measured).ifPresent(failures::add);
    slices(content).ifPresent(failures::add);
    Interval error = content.value(Split.TEST, Metric.CALIBRATION_ERROR);
    if (!Double.isNaN(error.value())) {
      failures.add(
          "Probabilities: on average "
              + Numbers.interval(error)
              + " away from how often they come true ("
              + Numbers.interval(content.value(Split.VALIDATION, Metric.CALIBRATION_ERROR))
              + " on validation); see calibration.");
    }
    return failures;
  }

  /** Returns a line about the misclassified images of a class. */
  private static String wrong(ReportContent content, Label label) {
    ClassVocabulary words = content.words();
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
        + " of the test split are classified as "
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

  /**
   * Returns a line about the metric with the largest clear drop from validation to test, if there
   * is one.
   */
  private static Optional<String> drop(ClassVocabulary words, Map<Metric, Pair> measured) {
    return measured.entrySet().stream()
        .filter(e -> e.getValue().clearlyWorse())
        .min(Comparator.comparingDouble(e -> e.getValue().difference()))
        .map(
            worst ->
                ("From validation to test: %s is %s on validation and %s on test. Expect the "
                        + "lower value, or less, on other images.")
                    .formatted(
                        worst.getKey().title(words.size()),
                        Numbers.interval(worst.getValue().validation),
                        Numbers.interval(worst.getValue().test)));
  }

  /**
   * Returns a line about the sensitivity of each finer class of the positive class, if there are
   * several.
   */
  private static Optional<String> slices(ReportContent content) {
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
    if (found.size() < 2) {
      return Optional.empty();
    }
    return Optional.of(
        found.entrySet().stream()
            .sorted(
                Comparator.<Map.Entry<String, Interval>>comparingDouble(e -> e.getValue().value())
                    .thenComparing(Map.Entry::getKey))
            .map(e -> e.getKey() + " " + Numbers.interval(e.getValue()))
            .collect(
                Collectors.joining(
                    ", ", "Sensitivity by kind of " + content.words().scored() + ": ", ".")));
  }
}
