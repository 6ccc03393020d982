package io.github.deepxray.report;

import io.github.deepxray.report.Chart.Point;
import io.github.deepxray.train.stage.EpochResult;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.ToDoubleFunction;

/** How training went, epoch by epoch. */
final class TrainingSection {
  /** The stage that trains the backbone, and the one that trains a head on a pruned backbone. */
  private static final String FINE_TUNING = "finetune";

  private static final String PRUNING = "prune";

  private final ReportContent content;
  private final Html html = new Html();

  private TrainingSection(ReportContent content) {
    this.content = content;
  }

  static Html html(ReportContent content) {
    TrainingSection section = new TrainingSection(content);
    section.write();
    return section.html;
  }

  private void write() {
    html.open("section", "id", "training").element("h2", "Training");
    if (content.histories().isEmpty()) {
      html.element("p", "This bundle has no history of its training; export it again to add it.");
      html.close();
      return;
    }
    html.element(
        "p",
        "The training loss counts smoothed labels, class weights and penalties in, the validation"
            + " loss only the weights: compare how they move, not where they are. Axes need not"
            + " begin at 0.",
        "class",
        "soft");
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
    content
        .histories()
        .forEach(
            (stage, epochs) -> {
              if (!epochs.isEmpty()) {
                charts(stage, epochs);
                row(table, stage, epochs);
              }
            });
    html.add(table.html()).close();
  }

  private static String name(String stage) {
    return switch (stage) {
      case FINE_TUNING -> "fine-tuning";
      case PRUNING -> "head on the pruned backbone";
      default -> "head";
    };
  }

  private void charts(String stage, List<EpochResult> epochs) {
    Map<String, ToDoubleFunction<EpochResult>> losses = new LinkedHashMap<>();
    losses.put("training", EpochResult::loss);
    losses.put("validation", EpochResult::validationLoss);
    Map<String, ToDoubleFunction<EpochResult>> areas = new LinkedHashMap<>();
    areas.put("validation", EpochResult::validationAuc);
    if (epochs.stream().allMatch(e -> e.augmented().isPresent())) {
      losses.put("augmented", e -> e.augmented().orElseThrow().loss());
      areas.put("augmented", e -> e.augmented().orElseThrow().auc());
    }
    html.element("h3", ClassVocabulary.capitalized(name(stage)));
    html.open("div", "class", "figures");
    chart(stage + "-loss", "loss", stage, epochs, losses);
    chart(stage + "-auc", "AUC", stage, epochs, areas);
    html.close();
  }

  private void chart(
      String id,
      String what,
      String stage,
      List<EpochResult> epochs,
      Map<String, ToDoubleFunction<EpochResult>> lines) {
    Optional<Chart> chart =
        chart(
            id,
            ClassVocabulary.capitalized(what) + " of " + name(stage) + " by epoch",
            "From epoch 1 to " + epochs.size() + "; the table has the numbers of the kept epoch.",
            what,
            epochs,
            lines,
            kept(stage, epochs.size()));
    if (chart.isEmpty()) {
      return;
    }
    html.open("figure").add(chart.get().html());
    html.element(
        "figcaption",
        ClassVocabulary.capitalized(what)
            + " by epoch"
            + (lines.containsKey("augmented")
                ? "; augmented is validation on strongly changed images"
                : "")
            + (kept(stage, epochs.size()).isPresent()
                ? ". The dotted line is the epoch whose weights were kept."
                : "."));
    html.close();
  }

  /**
   * Some numbers of every epoch.
   *
   * @param kept the epoch whose weights were kept, from 1, if it is to be marked
   * @return empty if there is no number to show
   */
  static Optional<Chart> chart(
      String id,
      String title,
      String description,
      String what,
      List<EpochResult> epochs,
      Map<String, ToDoubleFunction<EpochResult>> lines,
      OptionalInt kept) {
    double[] values =
        lines.values().stream()
            .flatMapToDouble(line -> epochs.stream().mapToDouble(line))
            .filter(Double::isFinite)
            .sorted()
            .toArray();
    if (values.length == 0) {
      return Optional.empty();
    }
    Chart chart =
        Chart.withEnds(
            id,
            title,
            description,
            Axis.numbered("epoch", epochs.size()),
            Axis.around(what, values[0], values[values.length - 1], 5),
            280);
    kept.ifPresent(epoch -> chart.vertical(epoch, epoch == epochs.size() ? "" : "kept"));
    lines.forEach(
        (name, line) ->
            chart.named(
                name,
                name,
                epochs.stream()
                    .map(e -> new Point(e.epoch() + 1, line.applyAsDouble(e)))
                    .toList()));
    return Optional.of(chart);
  }

  /** The epoch whose weights were kept, from 1, where that is known. */
  private OptionalInt kept(String stage, int epochs) {
    if (stage.equals(FINE_TUNING)) {
      return content.training().fineTuning().stream().mapToInt(f -> f.bestEpoch()).findFirst();
    }
    return content.training().head().patience() == 0 ? OptionalInt.of(epochs) : OptionalInt.empty();
  }

  private void row(Table table, String stage, List<EpochResult> epochs) {
    OptionalInt kept = kept(stage, epochs.size());
    Optional<EpochResult> shown =
        epochs.stream().filter(e -> e.epoch() + 1 == kept.orElse(epochs.size())).findFirst();
    table.row(
        name(stage),
        Numbers.count(epochs.size()),
        kept.isPresent() ? Numbers.count(kept.getAsInt()) : "that of the best epoch; the last here",
        Numbers.decimals(shown.map(EpochResult::loss).orElse(Double.NaN), 4),
        Numbers.decimals(shown.map(EpochResult::validationLoss).orElse(Double.NaN), 4),
        Numbers.decimals(shown.map(EpochResult::validationAuc).orElse(Double.NaN), 4),
        shown.map(e -> String.format(Locale.ROOT, "%.2e", e.learningRate())).orElse(Numbers.NONE));
  }
}
