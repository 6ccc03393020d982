package io.github.deepxray.report.internal;

import io.github.deepxray.report.internal.Chart.Point;
import io.github.deepxray.train.stage.EpochResult;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;

/**
 * Section with the training history.
 *
 * @param stages charts of each training; empty if the bundle has no history
 * @param kept numbers of the epochs whose weights were kept
 */
record TrainingSection(List<Stage> stages, Table kept) {
  /** Names of the stages for fine-tuning and for pruning. */
  private static final String FINE_TUNING = "finetune";

  private static final String PRUNING = "prune";

  /** Charts of a training. */
  record Stage(String title, List<Figure> figures) {}

  /** Epochs of a training, and the kept epoch, from 1, if known. */
  private record Epochs(String stage, List<EpochResult> results, OptionalInt kept) {
    String name() {
      return switch (stage) {
        case FINE_TUNING -> "fine-tuning";
        case PRUNING -> "head on the pruned backbone";
        default -> "head";
      };
    }
  }

  static TrainingSection of(ReportContent content) {
    Table table =
        Table.of(
            "The epoch whose weights were kept",
            "stage",
            "epochs",
            "kept",
            "training loss",
            "validation loss",
            "validation AUC",
            "learning rate at its end");
    List<Stage> stages = new ArrayList<>();
    content
        .histories()
        .forEach(
            (stage, results) -> {
              if (!results.isEmpty()) {
                Epochs epochs = new Epochs(stage, results, kept(content, stage, results.size()));
                stages.add(new Stage(ClassVocabulary.capitalized(epochs.name()), figures(epochs)));
                table.row(row(epochs));
              }
            });
    return new TrainingSection(stages, table);
  }

  private static List<Figure> figures(Epochs epochs) {
    Map<String, ToDoubleFunction<EpochResult>> losses = new LinkedHashMap<>();
    losses.put("training", EpochResult::loss);
    losses.put("validation", EpochResult::validationLoss);
    Map<String, ToDoubleFunction<EpochResult>> areas = new LinkedHashMap<>();
    areas.put("validation", EpochResult::validationAuc);
    if (epochs.results.stream().allMatch(e -> e.framed().isPresent())) {
      losses.put("framed", e -> e.framed().orElseThrow().loss());
      areas.put("framed", e -> e.framed().orElseThrow().auc());
    }
    return Stream.of(figure(epochs, "loss", losses), figure(epochs, "AUC", areas))
        .flatMap(Optional::stream)
        .toList();
  }

  private static Optional<Figure> figure(
      Epochs epochs, String what, Map<String, ToDoubleFunction<EpochResult>> lines) {
    String caption =
        ClassVocabulary.capitalized(what)
            + " by epoch"
            + (lines.containsKey("framed") ? "; framed is validation on randomly framed views" : "")
            + (epochs.kept.isPresent()
                ? ". The dotted line is the epoch whose weights were kept."
                : ".");
    return chart(epochs, what, lines).map(chart -> new Figure(chart.svg(), caption));
  }

  /** Returns a chart of values of each epoch; empty without values. */
  private static Optional<Chart> chart(
      Epochs epochs, String what, Map<String, ToDoubleFunction<EpochResult>> lines) {
    List<EpochResult> results = epochs.results;
    double[] values =
        lines.values().stream()
            .flatMapToDouble(line -> results.stream().mapToDouble(line))
            .filter(Double::isFinite)
            .sorted()
            .toArray();
    if (values.length == 0) {
      return Optional.empty();
    }
    Chart chart =
        Chart.withEnds(
            epochs.stage + "-" + what.toLowerCase(Locale.ROOT),
            ClassVocabulary.capitalized(what) + " of " + epochs.name() + " by epoch",
            "From epoch 1 to " + results.size() + "; the table has the numbers of the kept epoch.",
            Axis.numbered("epoch", results.size()),
            Axis.around(what, values[0], values[values.length - 1], 5),
            280);
    epochs.kept.ifPresent(epoch -> chart.vertical(epoch, epoch == results.size() ? "" : "kept"));
    lines.forEach(
        (name, line) ->
            chart.named(
                name,
                name,
                results.stream()
                    .map(e -> new Point(e.epoch() + 1, line.applyAsDouble(e)))
                    .toList()));
    return Optional.of(chart);
  }

  /** Returns the epoch whose weights were kept, from 1, if known. */
  private static OptionalInt kept(ReportContent content, String stage, int epochs) {
    if (stage.equals(FINE_TUNING)) {
      return content.training().fineTuning().stream().mapToInt(f -> f.bestEpoch()).findFirst();
    }
    return content.training().head().patience() == 0 ? OptionalInt.of(epochs) : OptionalInt.empty();
  }

  private static List<Cell> row(Epochs epochs) {
    int shownEpoch = epochs.kept.orElse(epochs.results.size());
    Optional<EpochResult> shown =
        epochs.results.stream().filter(e -> e.epoch() + 1 == shownEpoch).findFirst();
    return Stream.of(
            epochs.name(),
            Numbers.count(epochs.results.size()),
            epochs.kept.isPresent()
                ? Numbers.count(shownEpoch)
                : "that of the best epoch; the last here",
            Numbers.decimals(shown.map(EpochResult::loss).orElse(Double.NaN), 4),
            Numbers.decimals(shown.map(EpochResult::validationLoss).orElse(Double.NaN), 4),
            Numbers.decimals(shown.map(EpochResult::validationAuc).orElse(Double.NaN), 4),
            shown
                .map(e -> String.format(Locale.ROOT, "%.2e", e.learningRate()))
                .orElse(Numbers.NONE))
        .map(Cell::of)
        .toList();
  }
}
