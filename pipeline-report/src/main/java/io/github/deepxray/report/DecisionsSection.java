package io.github.deepxray.report;

import io.github.deepxray.core.metrics.ConfusionMatrix;
import io.github.deepxray.core.metrics.Evaluation;
import io.github.deepxray.core.metrics.Interval;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.report.Table.Cell;
import io.github.deepxray.train.DecisionThresholds;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/** What is decided, and the metrics of the decisions, on both splits. */
final class DecisionsSection {
  private final ReportContent content;
  private final ClassVocabulary words;
  private final Html html = new Html();

  private DecisionsSection(ReportContent content) {
    this.content = content;
    this.words = content.words();
  }

  static Html html(ReportContent content) {
    DecisionsSection section = new DecisionsSection(content);
    section.write();
    return section.html;
  }

  private void write() {
    html.open("section", "id", "decisions").element("h2", "Decisions");
    Figures.soft(
        html,
        "Shares are of the row, those decided rightly with 95 % intervals. "
            + "The decision that counts, "
            + content.metrics().decision().name()
            + ", is for "
            + content.metrics().decision().describe(words.profile())
            + "."
            + (content.metrics().decisions().contains(DecisionThresholds.PRIOR)
                ? " "
                    + DecisionThresholds.PRIOR
                    + " corrects for the share of "
                    + words.scored()
                    + " that the training saw."
                : "")
            + " An interval without width means that there was no such image, not that there never"
            + " will be.");
    for (String name : content.metrics().decisions()) {
      html.open("div", "class", "figures");
      for (Split split : Figures.SPLITS) {
        if (words.size() > ConfusionMatrix.READABLE) {
          confusions(split, name);
        } else {
          confusion(split, name);
        }
      }
      html.close();
    }
    decisions();
    classes();
    slices();
    html.close();
  }

  /** A row for each metric: a column for each would be wider than most screens. */
  private void decisions() {
    List<String> heads = new ArrayList<>(List.of(""));
    List<String> thresholds = new ArrayList<>(List.of("threshold"));
    for (Split split : Figures.SPLITS) {
      for (String name : content.metrics().decisions()) {
        heads.add(split.key() + ", " + name);
        thresholds.add(threshold(content.evaluation(split).decisions().get(name).threshold()));
      }
    }
    Table table = Table.of("Metrics of every decision", heads.toArray(String[]::new));
    table.row(thresholds.toArray(String[]::new));
    for (Metric metric : Metric.ofDecisions()) {
      List<String> cells = new ArrayList<>(List.of(metric.title(words.size())));
      for (Split split : Figures.SPLITS) {
        for (String name : content.metrics().decisions()) {
          cells.add(Numbers.interval(content.evaluation(split).of(metric, name)));
        }
      }
      table.row(cells.toArray(String[]::new));
    }
    html.add(table.html());
  }

  private static String threshold(OptionalDouble threshold) {
    return Numbers.probability(threshold.orElse(Double.NaN));
  }

  /** Each class against all others; of two classes the tables above say the same. */
  private void classes() {
    if (words.targets().size() == 1) {
      return;
    }
    List<Metric> metrics = Metric.ofClasses();
    List<String> heads = new ArrayList<>(List.of("class", "images"));
    metrics.forEach(m -> heads.add(m.title()));
    for (Split split : Figures.SPLITS) {
      Table table =
          Table.of(
              "Each class against all others on the " + split.key() + " split",
              heads.toArray(String[]::new));
      for (Label label : words.targets()) {
        List<String> cells = new ArrayList<>(List.of(words.name(label)));
        cells.add(Numbers.count(content.evaluation(split).images().get(label.index())));
        metrics.forEach(m -> cells.add(Numbers.interval(content.value(split, m, label))));
        table.row(cells.toArray(String[]::new));
      }
      html.add(table.html());
    }
  }

  /** The most frequent confusions, where a matrix would be too large. */
  private void confusions(Split split, String name) {
    ConfusionMatrix counts = content.evaluation(split).decisions().get(name).confusion();
    Table table =
        Table.of(
            "The most frequent confusions of the " + split.key() + " split",
            "class",
            "called",
            "images",
            "of its images");
    for (ConfusionMatrix.Confusion c : counts.mostFrequent()) {
      table.row(
          words.name(new Label(c.label())),
          words.name(new Label(c.decided())),
          Numbers.count(c.count()),
          Numbers.percent((double) c.count() / counts.images(c.label())));
    }
    html.add(table.html());
  }

  private void confusion(Split split, String name) {
    Evaluation evaluation = content.evaluation(split);
    Evaluation.AtDecision decided = evaluation.decisions().get(name);
    List<String> heads = new ArrayList<>(List.of(""));
    words.classes().labels().forEach(label -> heads.add("called " + words.name(label)));
    Table table =
        Table.of(
            split.key()
                + " split, decision "
                + name
                + (decided.threshold().isPresent()
                    ? " (" + threshold(decided.threshold()) + ")"
                    : ""),
            heads.toArray(String[]::new));
    for (Label label : words.classes().labels()) {
      List<Cell> cells = new ArrayList<>(List.of(Cell.of(words.name(label))));
      Interval right = evaluation.of(Metric.SENSITIVITY, name, label.index());
      for (int d = 0; d < words.size(); d++) {
        cells.add(cell(decided.confusion(), label.index(), d, right));
      }
      table.row(cells);
    }
    html.open("div", "class", "confusion").add(table.html()).close();
  }

  /** Darker with the share, in steps: a style sheet has no numbers to compute with everywhere. */
  private static Cell cell(ConfusionMatrix counts, int label, int decided, Interval right) {
    long count = counts.count(label, decided);
    double share = (double) count / counts.images(label);
    long step = Double.isNaN(share) ? 0 : Math.round(share * 5);
    Html text = new Html();
    text.element("b", Numbers.count(count)).empty("br");
    text.element(
        "span",
        label == decided ? Numbers.percent(right) : Numbers.percent(share),
        "class",
        "soft");
    return new Cell((label == decided ? "right" : "wrong") + " depth" + step, text);
  }

  private void slices() {
    if (Figures.SPLITS.stream().allMatch(s -> content.metrics().slices(s).isEmpty())) {
      return;
    }
    Table table =
        Table.of(
            "By finer class; each of the positive class against all " + words.many(Label.NEGATIVE),
            "split",
            "slice",
            "images",
            Metric.AUC.title(),
            "decided rightly");
    String decision = content.metrics().decision().name();
    for (Split split : Figures.SPLITS) {
      for (Map.Entry<String, Evaluation> slice : content.metrics().slices(split).entrySet()) {
        Evaluation evaluation = slice.getValue();
        int label = evaluation.sliceLabel();
        table.row(
            split.key(),
            slice.getKey(),
            Numbers.count(evaluation.images().get(label)),
            Numbers.interval(evaluation.of(Metric.AUC, decision)),
            Numbers.interval(evaluation.of(Metric.SENSITIVITY, decision, label)));
      }
    }
    html.add(table.html());
  }
}
