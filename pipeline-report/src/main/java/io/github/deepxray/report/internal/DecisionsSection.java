package io.github.deepxray.report.internal;

import io.github.deepxray.core.metrics.ConfusionMatrix;
import io.github.deepxray.core.metrics.Evaluation;
import io.github.deepxray.core.metrics.Interval;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.train.DecisionRule.Thresholds;
import io.github.deepxray.train.ModelMetrics;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * Section about decisions and their metrics on both splits.
 *
 * @param name name of the default decision
 * @param rule description of the default decision
 * @param prior name of the prior-corrected decision; empty if there is none
 * @param scored words for the scored class
 * @param matrices whether confusions are complete matrices instead of the most frequent confusions
 * @param confusions confusion tables of each decision and split
 * @param metrics tables of metrics
 */
record DecisionsSection(
    String name,
    String rule,
    String prior,
    String scored,
    boolean matrices,
    List<List<Table>> confusions,
    List<Table> metrics) {

  static DecisionsSection of(ReportContent content) {
    ClassVocabulary words = content.words();
    ModelMetrics metrics = content.metrics();
    List<Table> tables = new ArrayList<>(List.of(decisions(content)));
    tables.addAll(classes(content));
    tables.addAll(slices(content));
    return new DecisionsSection(
        metrics.decision().name(),
        metrics.decision().describe(words.profile()),
        metrics.decisions().contains(Thresholds.PRIOR) ? Thresholds.PRIOR : "",
        words.scored(),
        words.size() <= ConfusionMatrix.READABLE,
        metrics.decisions().stream()
            .map(
                name ->
                    Figures.SPLITS.stream().map(split -> confusion(content, split, name)).toList())
            .toList(),
        tables);
  }

  /**
   * Returns a table with a row for each metric: one column each would be wider than most screens.
   */
  private static Table decisions(ReportContent content) {
    ClassVocabulary words = content.words();
    List<String> heads = new ArrayList<>(List.of(""));
    List<String> thresholds = new ArrayList<>(List.of("threshold"));
    for (Split split : Figures.SPLITS) {
      for (String name : content.metrics().decisions()) {
        heads.add(split.key() + ", " + name);
        thresholds.add(threshold(content.evaluation(split).decisions().get(name).threshold()));
      }
    }
    Table table = Table.of("Metrics of each decision", heads.toArray(String[]::new));
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
    return table;
  }

  private static String threshold(OptionalDouble threshold) {
    return Numbers.probability(threshold.orElse(Double.NaN));
  }

  /** Returns the one-vs-rest tables; empty for two classes, which other tables cover. */
  private static List<Table> classes(ReportContent content) {
    ClassVocabulary words = content.words();
    if (words.targets().size() == 1) {
      return List.of();
    }
    List<Table> tables = new ArrayList<>();
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
      tables.add(table);
    }
    return tables;
  }

  private static Table confusion(ReportContent content, Split split, String name) {
    return content.words().size() > ConfusionMatrix.READABLE
        ? mostFrequent(content, split, name)
        : matrix(content, split, name);
  }

  /** Returns the most frequent confusions, instead of a large matrix. */
  private static Table mostFrequent(ReportContent content, Split split, String name) {
    ClassVocabulary words = content.words();
    ConfusionMatrix counts = content.evaluation(split).decisions().get(name).confusion();
    Table table =
        Table.of(
            "The most frequent confusions of the " + split.key() + " split",
            "class",
            "predicted",
            "images",
            "of its images");
    for (ConfusionMatrix.Confusion c : counts.mostFrequent()) {
      table.row(
          words.name(new Label(c.label())),
          words.name(new Label(c.decided())),
          Numbers.count(c.count()),
          Numbers.percent((double) c.count() / counts.images(c.label())));
    }
    return table;
  }

  private static Table matrix(ReportContent content, Split split, String name) {
    ClassVocabulary words = content.words();
    Evaluation evaluation = content.evaluation(split);
    Evaluation.AtDecision decided = evaluation.decisions().get(name);
    List<String> heads = new ArrayList<>(List.of(""));
    words.classes().labels().forEach(label -> heads.add("predicted " + words.name(label)));
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
    return table;
  }

  /**
   * Returns a cell with a background in steps of the share, because not all browsers can compute
   * colours in CSS.
   */
  private static Cell cell(ConfusionMatrix counts, int label, int decided, Interval right) {
    long count = counts.count(label, decided);
    double share = (double) count / counts.images(label);
    long step = Double.isNaN(share) ? 0 : Math.round(share * 5);
    return Cell.of(
        (label == decided ? "right" : "wrong") + " depth" + step,
        List.of(
            Span.bold(Numbers.count(count)),
            Span.lineBreak(),
            Span.soft(label == decided ? Numbers.percent(right) : Numbers.percent(share))));
  }

  private static List<Table> slices(ReportContent content) {
    if (Figures.SPLITS.stream().allMatch(s -> content.metrics().slices(s).isEmpty())) {
      return List.of();
    }
    Table table =
        Table.of(
            "By finer class; each of the positive class against all "
                + content.words().many(Label.NEGATIVE),
            "split",
            "slice",
            "images",
            Metric.AUC.title(),
            "decided correctly");
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
    return List.of(table);
  }
}
