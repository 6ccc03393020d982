package io.github.deepxray.export.report;

import io.github.deepxray.core.html.Html;
import io.github.deepxray.core.metrics.CalibrationBin;
import io.github.deepxray.core.metrics.ConfusionMatrix;
import io.github.deepxray.core.metrics.Curve;
import io.github.deepxray.core.metrics.Evaluation;
import io.github.deepxray.core.metrics.Interval;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.datasets.Slice;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.export.report.Chart.Point;
import io.github.deepxray.export.report.Chart.Range;
import io.github.deepxray.export.report.Table.Cell;
import io.github.deepxray.train.DecisionThresholds;
import io.github.deepxray.train.Predictions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.IntUnaryOperator;
import java.util.function.Predicate;

/** Curves, decisions, calibration and scores, on the test split beside the validation split. */
final class MetricSections {
  /** Test first: it is what counts. */
  private static final List<Split> SPLITS = List.of(Split.TEST, Split.VALIDATION);

  private static final int[] FALSE_ALARM_PERCENT = {20, 10, 5, 2, 1};
  private static final int[] RECALL_PERCENT = {80, 90, 95, 99, 100};
  private static final int BINS = 20;

  private final ReportContent content;
  private final Wording words;

  /** The same with short names. */
  private final Wording brief;

  private final long seed;
  private final Html html = new Html();

  private MetricSections(ReportContent content) {
    this.content = content;
    this.words = content.wording();
    this.brief = words.inCharts();
    this.seed = content.training().seed();
  }

  static Html html(ReportContent content) {
    MetricSections sections = new MetricSections(content);
    sections.curves();
    sections.decisions();
    sections.calibration();
    sections.scores();
    return sections.html;
  }

  private List<ScoredExample> examples(Split split) {
    return content.predictions(split).examples();
  }

  private void figure(Chart chart, String caption) {
    html.open("figure").add(chart.html()).element("figcaption", caption).close();
  }

  private void curves() {
    html.open("section", "id", "curves").element("h2", "Telling one from the other");
    html.element(
        "p",
        "At every threshold. Bands are 95 % intervals over "
            + Numbers.count(Evaluation.RESAMPLES)
            + " resamples of patients, at each place by itself; the dot is the threshold that"
            + " decides. Numbers read off the test curves describe the model; to choose a threshold"
            + " by them would spoil the test.",
        "class",
        "soft");
    Map<Split, Curve> roc = new LinkedHashMap<>();
    Map<Split, Curve> pr = new LinkedHashMap<>();
    for (Split split : SPLITS) {
      roc.put(split, Curve.roc(examples(split), seed));
      pr.put(split, Curve.precisionRecall(examples(split), seed));
    }
    html.open("div", "class", "figures");
    roc(roc);
    precisionRecall(pr);
    html.close();
    html.open("div", "class", "figures");
    html.add(
        heights(
            "Sensitivity where the specificity is",
            FALSE_ALARM_PERCENT,
            percent -> 100 - percent,
            roc));
    html.add(heights("Precision where the sensitivity is", RECALL_PERCENT, percent -> percent, pr));
    html.close().close();
  }

  private void roc(Map<Split, Curve> curves) {
    Evaluation test = content.evaluation(Split.TEST);
    Evaluation validation = content.evaluation(Split.VALIDATION);
    Chart chart =
        Chart.of(
            "roc",
            "ROC curves of the test and the validation split",
            "Sensitivity over the share of false alarms. AUC on test "
                + Numbers.interval(test.auc())
                + ", on validation "
                + Numbers.interval(validation.auc())
                + ".",
            Axis.unit("false alarms: share of " + brief.negativesInCharts() + " (1 − specificity)"),
            Axis.unit("sensitivity: share of " + brief.positivesInCharts() + " found"),
            400);
    chart.diagonal(new Point(0, 0), new Point(1, 1));
    draw(chart, curves);
    for (Split split : SPLITS) {
      Evaluation.AtThreshold at = content.decided(split);
      chart.dot(split.key(), new Point(1 - at.specificity().value(), at.sensitivity().value()));
    }
    chart.key(
        new Point(0.3, 0.24),
        "test",
        "test, AUC " + Numbers.interval(test.auc()),
        "validation",
        "validation, " + Numbers.interval(validation.auc()),
        "rule",
        "guessing, 0.5");
    figure(
        chart,
        "ROC. The area under it (AUC) is the chance that "
            + words.onePositive()
            + " scores higher than "
            + words.oneNegative()
            + ".");
  }

  private void precisionRecall(Map<Split, Curve> curves) {
    Evaluation test = content.evaluation(Split.TEST);
    double share = (double) test.positives() / test.images();
    Interval area = curves.get(Split.TEST).area();
    Interval other = curves.get(Split.VALIDATION).area();
    Chart chart =
        Chart.of(
            "pr",
            "Precision-recall curves of the test and the validation split",
            "Precision over sensitivity. Average precision on test "
                + Numbers.interval(area)
                + ", on validation "
                + Numbers.interval(other)
                + ".",
            Axis.unit("sensitivity (recall): share of " + brief.positivesInCharts() + " found"),
            Axis.unit("precision: share of alarms that are right"),
            400);
    chart.diagonal(new Point(0, share), new Point(1, share));
    draw(chart, curves);
    for (Split split : SPLITS) {
      Evaluation.AtThreshold at = content.decided(split);
      chart.dot(split.key(), new Point(at.sensitivity().value(), at.precision().value()));
    }
    chart.key(
        new Point(0.1, 0.24),
        "test",
        "test, average precision " + Numbers.interval(area),
        "validation",
        "validation, " + Numbers.interval(other),
        "rule",
        "guessing on test, " + Numbers.decimals(share, 3));
    figure(
        chart,
        "Precision depends on how common "
            + words.positive()
            + " is: here "
            + Numbers.percent(share)
            + " of the test images. Where it is rarer, precision is lower.");
  }

  private static void draw(Chart chart, Map<Split, Curve> curves) {
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

  private void decisions() {
    html.open("section", "id", "decisions").element("h2", "Decisions");
    html.element(
        "p",
        "Shares are of the row, with 95 % intervals. "
            + DecisionThresholds.DEFAULT
            + " is the threshold that decides; "
            + DecisionThresholds.PRIOR
            + ", where it differs from 0.5, corrects for the share of "
            + words.positive()
            + " that the training saw. An interval without width means that there was no such"
            + " image, not that there never will be.",
        "class",
        "soft");
    for (String name : content.metrics().thresholds().byName().keySet()) {
      html.open("div", "class", "figures");
      for (Split split : SPLITS) {
        confusion(split, name);
      }
      html.close();
    }
    Table table =
        Table.of(
            "At every threshold",
            "split",
            "threshold",
            "value",
            "accuracy",
            "sensitivity",
            "specificity",
            "precision",
            "F1");
    for (Split split : SPLITS) {
      for (String name : content.metrics().thresholds().byName().keySet()) {
        Evaluation.AtThreshold at = content.evaluation(split).thresholds().get(name);
        table.row(
            split.key(),
            name,
            Numbers.probability(at.threshold()),
            Numbers.interval(at.accuracy()),
            Numbers.interval(at.sensitivity()),
            Numbers.interval(at.specificity()),
            Numbers.interval(at.precision()),
            Numbers.interval(at.f1()));
      }
    }
    html.add(table.html());
    slices();
    html.close();
  }

  private void confusion(Split split, String name) {
    Evaluation.AtThreshold at = content.evaluation(split).thresholds().get(name);
    ConfusionMatrix counts = at.confusion();
    Interval sensitivity = at.sensitivity();
    Interval specificity = at.specificity();
    Table table =
        Table.of(
            split.key()
                + " split at "
                + Numbers.probability(at.threshold())
                + " (threshold "
                + name
                + ")",
            "",
            "called " + words.positive(),
            "called " + words.negative());
    table.row(
        List.of(
            Cell.of(words.positive()),
            cell(true, counts.truePositives(), sensitivity),
            cell(false, counts.falseNegatives(), Numbers.rest(sensitivity))));
    table.row(
        List.of(
            Cell.of(words.negative()),
            cell(false, counts.falsePositives(), Numbers.rest(specificity)),
            cell(true, counts.trueNegatives(), specificity)));
    html.open("div", "class", "confusion").add(table.html()).close();
  }

  /** Darker with the share, in steps: a style sheet has no numbers to compute with everywhere. */
  private static Cell cell(boolean right, long count, Interval share) {
    long step = Double.isNaN(share.value()) ? 0 : Math.round(share.value() * 5);
    Html text = new Html();
    text.element("b", Numbers.count(count)).empty("br");
    text.element("span", Numbers.percent(share), "class", "soft");
    return new Cell((right ? "right" : "wrong") + " depth" + step, text);
  }

  private void slices() {
    if (SPLITS.stream()
        .allMatch(s -> content.metrics().slices().getOrDefault(s.key(), Map.of()).isEmpty())) {
      return;
    }
    Table table =
        Table.of(
            "By finer class; positives of one kind against all normal images",
            "split",
            "slice",
            "images",
            "AUC",
            "decided rightly");
    for (Split split : SPLITS) {
      content
          .metrics()
          .slices()
          .getOrDefault(split.key(), Map.of())
          .forEach(
              (slice, e) -> {
                Evaluation.AtThreshold at = e.thresholds().get(DecisionThresholds.DEFAULT);
                boolean normal = e.positives() == 0;
                table.row(
                    split.key(),
                    slice,
                    Numbers.count(normal ? e.images() : e.positives()),
                    Numbers.interval(e.auc()),
                    (normal ? "specificity " : "sensitivity ")
                        + Numbers.interval(normal ? at.specificity() : at.sensitivity()));
              });
    }
    html.add(table.html());
  }

  private void calibration() {
    html.open("section", "id", "calibration").element("h2", "Calibration");
    Evaluation test = content.evaluation(Split.TEST);
    Evaluation validation = content.evaluation(Split.VALIDATION);
    Chart chart =
        Chart.of(
            "calibration-chart",
            "Calibration on the test and the validation split",
            "How often it is "
                + words.positive()
                + " over the mean probability, in bins of the probability. Expected calibration"
                + " error on test "
                + Numbers.interval(test.expectedCalibrationError())
                + ".",
            Axis.unit("mean probability of the images in a bin"),
            Axis.unit("share of them " + brief.positiveOnes()),
            400);
    chart.diagonal(new Point(0, 0), new Point(1, 1));
    Map<Split, Map<Double, CalibrationBin>> binned = new LinkedHashMap<>();
    for (Split split : SPLITS) {
      Map<Double, CalibrationBin> bins = new TreeMap<>();
      CalibrationBin.of(examples(split)).forEach(bin -> bins.put(bin.low(), bin));
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
    html.open("div", "class", "figures");
    figure(
        chart,
        "Below the dashed line the model is too sure of "
            + words.positive()
            + ", above it not sure enough.");
    html.open("div");
    Table errors = Table.of("Distance from the truth", "", "test", "validation");
    errors.row(
        "expected calibration error",
        Numbers.interval(test.expectedCalibrationError()),
        Numbers.interval(validation.expectedCalibrationError()));
    errors.row("Brier score", Numbers.interval(test.brier()), Numbers.interval(validation.brier()));
    errors.row(
        "log loss", Numbers.interval(test.logLoss()), Numbers.interval(validation.logLoss()));
    html.add(errors.html()).add(bins(binned)).close().close().close();
  }

  private Html bins(Map<Split, Map<Double, CalibrationBin>> binned) {
    Table table =
        Table.of(
            "Share "
                + words.positiveOnes()
                + "; intervals are Wilson's, with the patients for the number of trials.",
            "probability",
            "test images (patients)",
            words.positiveOnes(),
            "validation images (patients)",
            words.positiveOnes());
    Set<Double> places = new TreeSet<>();
    binned.values().forEach(bins -> places.addAll(bins.keySet()));
    for (double place : places) {
      List<String> cells = new ArrayList<>();
      for (Split split : SPLITS) {
        Optional<CalibrationBin> found = Optional.ofNullable(binned.get(split).get(place));
        if (cells.isEmpty()) {
          cells.add("from " + Numbers.decimals(place, 2));
        }
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

  private void scores() {
    html.open("section", "id", "scores").element("h2", "Scores");
    html.element(
        "p",
        "How the probabilities of each class and kind are spread: bars are the test split, the line"
            + " is validation. All charts have the same scale.",
        "class",
        "soft");
    Map<String, Predicate<Predictions.Row>> panels = new LinkedHashMap<>();
    panels.put(words.negative(), row -> !row.example().positive());
    panels.put(words.positive(), row -> row.example().positive());
    List<String> kinds =
        !words.hasSlices()
            ? List.of()
            : content.predictions(Split.TEST).rows().stream()
                .filter(row -> row.example().positive())
                .map(Predictions.Row::slice)
                .distinct()
                .sorted()
                .toList();
    if (kinds.size() > 1 || !kinds.contains(Slice.UNSPECIFIED.key())) {
      for (String kind : kinds) {
        panels.put(
            words.positive() + ", " + kind,
            row -> row.example().positive() && row.slice().equals(kind));
      }
    }
    double most = 0;
    for (Predicate<Predictions.Row> panel : panels.values()) {
      for (Split split : SPLITS) {
        for (double share : histogram(split, panel)) {
          // NaN where the split has no such image.
          most = share > most ? share : most;
        }
      }
    }
    Axis shares = Axis.around("share of images", 0, most, 4).inPercent();
    html.open("div", "class", "figures");
    int number = 0;
    for (Map.Entry<String, Predicate<Predictions.Row>> panel : panels.entrySet()) {
      histogram("scores-" + ++number, panel.getKey(), panel.getValue(), shares);
    }
    html.close().close();
  }

  private void histogram(String id, String name, Predicate<Predictions.Row> panel, Axis shares) {
    double[] test = histogram(Split.TEST, panel);
    double[] validation = histogram(Split.VALIDATION, panel);
    long testImages = content.predictions(Split.TEST).rows().stream().filter(panel).count();
    long others = content.predictions(Split.VALIDATION).rows().stream().filter(panel).count();
    double above =
        content.predictions(Split.TEST).rows().stream()
            .filter(panel.and(row -> row.example().probability() >= content.threshold()))
            .count();
    Chart chart =
        Chart.of(
            id,
            "Probabilities of " + words.images(name),
            testImages == 0
                ? "The test split has none."
                : Numbers.percent(above / testImages)
                    + " of the test images have the threshold or more.",
            Axis.unit("probability of " + brief.positive()),
            shares,
            220);
    List<Point> outline = new ArrayList<>();
    for (int b = 0; b < BINS; b++) {
      chart.bar("test", (double) b / BINS, (b + 1.0) / BINS, test[b]);
      outline.add(new Point((double) b / BINS, validation[b]));
      outline.add(new Point((b + 1.0) / BINS, validation[b]));
    }
    chart.line("validation", outline);
    chart.vertical(content.threshold(), "threshold " + Numbers.decimals(content.threshold(), 2));
    figure(
        chart,
        name
            + ": "
            + Numbers.count(testImages)
            + " test images, "
            + Numbers.count(others)
            + " of validation"
            + (testImages == 0
                ? ""
                : "; called "
                    + words.positive()
                    + " on test: "
                    + Numbers.percent(above / testImages)));
  }

  /** The share of images in each bin; NaN without images. */
  private double[] histogram(Split split, Predicate<Predictions.Row> panel) {
    double[] bins = new double[BINS];
    List<Predictions.Row> rows = content.predictions(split).rows().stream().filter(panel).toList();
    for (Predictions.Row row : rows) {
      bins[Math.min(BINS - 1, (int) (row.example().probability() * BINS))]++;
    }
    for (int b = 0; b < BINS; b++) {
      bins[b] /= rows.size();
    }
    return bins;
  }
}
