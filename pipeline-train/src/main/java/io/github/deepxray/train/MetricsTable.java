package io.github.deepxray.train;

import io.github.deepxray.core.metrics.ConfusionMatrix;
import io.github.deepxray.core.metrics.Evaluation;
import io.github.deepxray.core.metrics.Interval;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.core.metrics.TargetClasses;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.datasets.Split;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Text table of the metrics of a split. */
final class MetricsTable {
  /** Maximum length of a class name in the confusion matrix. */
  private static final int ROOM = 20;

  private final ModelMetrics metrics;
  private final Evaluation evaluation;
  private final StringBuilder text = new StringBuilder();

  private MetricsTable(ModelMetrics metrics, Evaluation evaluation) {
    this.metrics = metrics;
    this.evaluation = evaluation;
  }

  /** Returns the table of a split. */
  static String of(ModelMetrics metrics, Split split) {
    MetricsTable table = new MetricsTable(metrics, metrics.of(split));
    table.head(split);
    table.decisions();
    table.classes();
    table.confusion();
    table.slices(metrics.slices(split));
    if (split == Split.VALIDATION) {
      table.framed();
      table.shortcuts();
    }
    return table.text.toString();
  }

  private int classCount() {
    return metrics.classes().size();
  }

  private void head(Split split) {
    line(
        "%s split: %d images of %d patients (%s); 95 %% intervals by patient",
        split.key(),
        evaluation.total(),
        evaluation.patients(),
        metrics.classes().labels().stream()
            .map(l -> metrics.classes().of(l) + " " + evaluation.images().get(l.index()))
            .collect(Collectors.joining(", ")));
    table(
        Metric.ofProbabilities().stream()
            .map(m -> List.of(m.title(classCount()), evaluation.probabilities().of(m).toString()))
            .toList());
  }

  /** Adds a row for each metric: one column each would be wider than most terminals. */
  private void decisions() {
    List<List<String>> rows = new ArrayList<>();
    rows.add(row("decision", name -> name));
    rows.add(row("threshold", name -> threshold(evaluation.decisions().get(name).threshold())));
    for (Metric metric : Metric.ofDecisions()) {
      rows.add(row(metric.title(classCount()), name -> evaluation.of(metric, name).toString()));
    }
    table(rows);
  }

  private List<String> row(String title, UnaryOperator<String> ofDecision) {
    List<String> row = new ArrayList<>(List.of(title));
    metrics.decisions().forEach(name -> row.add(ofDecision.apply(name)));
    return row;
  }

  private static String threshold(OptionalDouble threshold) {
    return threshold.isPresent()
        ? String.format(Locale.ROOT, "%.4f", threshold.getAsDouble())
        : "-";
  }

  /** Adds the one-vs-rest metrics of each class, for more than two classes. */
  private void classes() {
    List<Integer> targets = TargetClasses.of(classCount());
    if (targets.size() == 1) {
      return;
    }
    List<Metric> ofClass = Metric.ofClasses();
    List<List<String>> rows = new ArrayList<>();
    List<String> heads = new ArrayList<>(List.of("class"));
    ofClass.forEach(m -> heads.add(m.title()));
    rows.add(heads);
    for (int label : targets) {
      List<String> row = new ArrayList<>(List.of(metrics.classes().of(new Label(label))));
      ofClass.forEach(m -> row.add(value(m, label).toString()));
      rows.add(row);
    }
    table(rows);
  }

  private Interval value(Metric metric, int label) {
    return evaluation.of(metric, metrics.decision().name(), label);
  }

  private void confusion() {
    ConfusionMatrix counts = evaluation.decisions().get(metrics.decision().name()).confusion();
    List<String> names = metrics.classes().list().stream().map(MetricsTable::cut).toList();
    if (counts.classes() > ConfusionMatrix.READABLE) {
      line("  the most frequent confusions, %s:", metrics.decision().name());
      List<List<String>> rows = new ArrayList<>(List.of(List.of("class", "called", "images")));
      counts
          .mostFrequent()
          .forEach(
              c ->
                  rows.add(
                      List.of(
                          names.get(c.label()),
                          names.get(c.decided()),
                          String.valueOf(c.count()))));
      table(rows);
      return;
    }
    line("  of each class (row) decided to be each (column), %s:", metrics.decision().name());
    List<List<String>> rows = new ArrayList<>();
    List<String> heads = new ArrayList<>(List.of(""));
    heads.addAll(names);
    rows.add(heads);
    for (Label label : metrics.classes().labels()) {
      List<String> row = new ArrayList<>(List.of(names.get(label.index())));
      counts.counts().get(label.index()).forEach(count -> row.add(String.valueOf(count)));
      rows.add(row);
    }
    table(rows);
  }

  private static String cut(String name) {
    return name.length() <= ROOM ? name : name.substring(0, ROOM - 1) + ".";
  }

  private void slices(Map<String, Evaluation> slices) {
    if (slices.isEmpty()) {
      return;
    }
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("slice", "images", Metric.AUC.title(), "decided correctly"));
    slices.forEach(
        (name, slice) -> {
          int label = slice.sliceLabel();
          rows.add(
              List.of(
                  name,
                  String.valueOf(slice.images().get(label)),
                  slice.probabilities().of(Metric.AUC).toString(),
                  slice.of(Metric.SENSITIVITY, metrics.decision().name(), label).toString()));
        });
    table(rows);
  }

  /** Adds the metrics of randomly framed validation images. */
  private void framed() {
    Evaluation framed = metrics.framed();
    line("  on randomly framed views of these images:");
    table(
        Metric.HEADLINES.stream()
            .map(m -> row(m.title(classCount()), name -> framed.of(m, name).toString()))
            .toList());
  }

  /** Adds how much the scores depend on each shortcut. */
  private void shortcuts() {
    if (metrics.shortcuts().isEmpty()) {
      return;
    }
    line("  dependence on shortcuts: rank correlation with each, accuracy where it misleads");
    line("  most, in the second and third quarter of the images, and where it helps most:");
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("shortcut", "correlation", "misleads", "2nd", "3rd", "helps"));
    metrics
        .shortcuts()
        .forEach(
            s ->
                rows.add(
                    Stream.concat(
                            Stream.of(
                                s.shortcut(), String.format(Locale.ROOT, "%.2f", s.correlation())),
                            s.accuracy().stream().map(a -> String.format(Locale.ROOT, "%.3f", a)))
                        .toList()));
    table(rows);
  }

  /** Adds left-aligned columns, each as wide as its widest cell. */
  private void table(List<List<String>> rows) {
    int columns = rows.get(0).size();
    int[] widths = new int[columns];
    for (List<String> row : rows) {
      for (int c = 0; c < columns; c++) {
        widths[c] = Math.max(widths[c], row.get(c).length());
      }
    }
    for (List<String> row : rows) {
      StringBuilder cells = new StringBuilder();
      for (int c = 0; c < columns; c++) {
        cells.append("  ").append(row.get(c)).append(" ".repeat(widths[c] - row.get(c).length()));
      }
      line("%s", cells.toString().stripTrailing());
    }
  }

  private void line(String format, Object... arguments) {
    text.append(String.format(Locale.ROOT, format, arguments)).append('\n');
  }
}
