package io.github.deepxray.report.internal;

import io.github.deepxray.core.metrics.Drift;
import io.github.deepxray.core.metrics.Interval;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.datasets.DatasetAudit.Quarantined;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.report.ExternalValidation;
import io.github.deepxray.report.ExternalValidation.Guard;
import io.github.deepxray.report.ExternalValidation.NamedDrift;
import io.github.deepxray.report.ExternalValidation.SliceMetrics;
import io.github.deepxray.train.Predictions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Collectors;

/**
 * External validation as a self-contained HTML page, with the style of {@link ReportPage}. The page
 * is reproducible.
 */
public final class ExternalPage {
  /** The name of the file. */
  public static final String FILE = "external-report.html";

  /** Largest number of listed files. */
  private static final int MOST_FILES = 50;

  private static final List<Metric> OF_SLICES =
      List.of(Metric.AUC, Metric.SENSITIVITY, Metric.SPECIFICITY);

  private final ExternalValidation result;
  private final ClassVocabulary words;
  private final List<ExternalFigures> figures;

  private ExternalPage(ExternalValidation result, List<ExternalFigures> figures) {
    this.result = result;
    this.words = new ClassVocabulary(result.model().profile());
    this.figures = List.copyOf(figures);
  }

  /**
   * Returns the page.
   *
   * @param predictions the predictions on the external images
   * @param own the predictions on the bundle's own test split
   * @param seed the seed of the bootstrap of the curves
   */
  public static String html(
      ExternalValidation result, Predictions predictions, Predictions own, long seed) {
    ExternalFigures.Source source = new ExternalFigures.Source(result, predictions, own, seed);
    ExternalPage page = new ExternalPage(result, ExternalFigures.of(source));
    return Templates.html(out -> JteexternalGenerated.render(out, null, page));
  }

  String title() {
    return "External validation of " + result.model().name();
  }

  String purpose() {
    return result.model().profile().purpose();
  }

  List<String> remarks() {
    return result.remarks();
  }

  List<ExternalFigures> figures() {
    return figures;
  }

  /** Whether metrics are means over classes. */
  boolean macro() {
    return words.targets().size() > 1;
  }

  /** Facts about data and model. */
  Map<String, String> facts() {
    ExternalValidation.Data data = result.data();
    OptionalDouble threshold =
        result.evaluation().decisions().get(ExternalValidation.DECISION).threshold();
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("Images of", data.name() + data.split().map(s -> ", split " + s.key()).orElse(""));
    facts.put("External", counts(result.evaluation().images(), data.patients()));
    facts.put("Own test split", counts(result.reference().images(), result.reference().patients()));
    facts.put(
        "Artifact",
        result.model().artifact()
            + (threshold.isPresent()
                ? ", threshold " + Numbers.probability(threshold.getAsDouble())
                : ", the most probable class"));
    facts.put(
        "Trained on these images",
        data.seen()
            .map(seen -> seen == 0 ? "none, by the hashes of the pixels" : Numbers.count(seen))
            .orElse("cannot be checked"));
    result.guard().ifPresent(guard -> facts.put("Unlike the training images", unfamiliar(guard)));
    facts.put("Files not evaluated", Numbers.count(data.quarantined().size()));
    facts.put("Weights", result.model().weights());
    facts.put("Fingerprint of the images", data.source().fingerprint());
    return facts;
  }

  private static String unfamiliar(Guard guard) {
    return "%s, %s (%s to %s) of the images%s"
        .formatted(
            Numbers.count(guard.unfamiliar()),
            Numbers.percent(guard.share().value()),
            Numbers.percent(guard.share().low()),
            Numbers.percent(guard.share().high()),
            guard.own().isPresent()
                ? ", %s of the own validation images"
                    .formatted(Numbers.percent(guard.own().getAsDouble()))
                : "");
  }

  /** Metrics with and without unfamiliar images; empty if there are none, or no input guard. */
  Optional<Table> familiar() {
    return result
        .guard()
        .flatMap(Guard::familiar)
        .map(
            familiar -> {
              Table table =
                  Table.of(
                      "In brackets 95 %% intervals by patient; %s of %s images are familiar"
                          .formatted(
                              Numbers.count(familiar.evaluation().total()),
                              Numbers.count(result.evaluation().total())),
                      "",
                      "all images",
                      "without unfamiliar ones");
              Metric.HEADLINES.forEach(
                  metric ->
                      table.row(
                          metric.title(words.size()),
                          Numbers.interval(result.of(metric)),
                          Numbers.interval(familiar.of(metric))));
              return table;
            });
  }

  private String counts(List<Long> images, List<Long> patients) {
    long all = images.stream().mapToLong(Long::longValue).sum();
    return words.classes().labels().stream()
        .limit(6)
        .map(
            label ->
                "%s %s of %s patients (%s)"
                    .formatted(
                        words.name(label),
                        Numbers.count(images.get(label.index())),
                        Numbers.count(patients.get(label.index())),
                        Numbers.percent((double) images.get(label.index()) / all)))
        .collect(Collectors.joining(", "));
  }

  /** Metrics beside those of the bundle's own test split. */
  Table metrics() {
    List<Metric> shown = List.of(Metric.values());
    double from =
        IntervalStrip.from(
            shown.stream()
                .filter(metric -> metric.better() == Metric.Better.HIGHER)
                .mapToDouble(m -> Math.min(result.of(m).low(), result.reference().of(m).low()))
                .filter(low -> !Double.isNaN(low))
                .min()
                .orElse(0));
    Table table =
        Table.of(
            "In brackets 95 % intervals by patient. The difference is between different images.",
            List.of(
                Cell.of(""),
                Cell.of("key test", "external"),
                Cell.of(IntervalStrip.scale(from, 1)),
                Cell.of("key validation", "own test split"),
                Cell.of("difference")));
    shown.forEach(metric -> table.row(cells(metric, from)));
    return table;
  }

  private List<Cell> cells(Metric metric, double from) {
    Interval external = result.of(metric);
    Interval own = result.reference().of(metric);
    Interval difference = result.reference().difference(metric);
    boolean higher = metric.better() == Metric.Better.HIGHER;
    boolean worse = higher ? difference.high() < 0 : difference.low() > 0;
    return List.of(
        Cell.of(metric.title(words.size())),
        SummarySection.interval("main", external),
        higher ? Cell.of(IntervalStrip.of(from, 1, external, own)) : Cell.of("strip", ""),
        SummarySection.interval("", own),
        Cell.of(worse ? "bad" : "", signed(difference)));
  }

  private static String signed(Interval of) {
    return Double.isNaN(of.value())
        ? Numbers.NONE
        : "%s (%s to %s)"
            .formatted(
                Numbers.signed(of.value(), 3),
                Numbers.signed(of.low(), 3),
                Numbers.signed(of.high(), 3));
  }

  /** Metrics of the slices; empty without slices. */
  Optional<Table> slices() {
    if (result.slices().isEmpty()) {
      return Optional.empty();
    }
    List<Cell> heads = new ArrayList<>();
    for (String head : List.of("slice", "images", "patients")) {
      heads.add(Cell.of(head));
    }
    words.targets().stream().limit(6).forEach(label -> heads.add(Cell.of(words.name(label))));
    OF_SLICES.forEach(metric -> heads.add(Cell.of(metric.title(words.size()))));
    Table table =
        Table.of(
            "Each value of each column, with 95 % intervals by patient; red: the lowest of all"
                + " slices",
            heads);
    result.slices().forEach(slice -> table.row(cells(slice)));
    return Optional.of(table);
  }

  private List<Cell> cells(SliceMetrics slice) {
    List<Cell> cells = new ArrayList<>();
    cells.add(Cell.of(slice.name()));
    cells.add(Cell.of(Numbers.count(slice.evaluation().total())));
    cells.add(Cell.of(Numbers.count(slice.evaluation().patients())));
    for (Label label : words.targets().stream().limit(6).toList()) {
      cells.add(Cell.of(Numbers.count(slice.evaluation().images().get(label.index()))));
    }
    for (Metric metric : OF_SLICES) {
      boolean worst = result.worst(metric).equals(Optional.of(slice));
      cells.add(Cell.of(worst ? "bad" : "", Numbers.interval(slice.of(metric))));
    }
    return cells;
  }

  /** Drift of scores and images. */
  Table drift() {
    Table table =
        Table.of(
            "Drift from the bundle's own test split; a limit is exceeded by chance in 5 % of cases",
            "of", "Kolmogorov-Smirnov", "limit", "stability index", "limit", "drift");
    for (NamedDrift named : result.drift()) {
      Drift drift = named.drift();
      table.row(
          List.of(
              Cell.of(named.name()),
              Cell.of(Numbers.decimals(drift.kolmogorovSmirnov(), 3)),
              Cell.of(Numbers.decimals(drift.kolmogorovSmirnovLimit(), 3)),
              Cell.of(Numbers.decimals(drift.stabilityIndex(), 3)),
              Cell.of(Numbers.decimals(drift.stabilityIndexLimit(), 3)),
              Cell.of(drift.extent() == Drift.Extent.LARGE ? "bad" : "", drift.extent().words())));
    }
    return table;
  }

  /** Files that were not evaluated; empty if there are none. */
  Optional<Table> quarantined() {
    List<Quarantined> files = result.data().quarantined();
    if (files.isEmpty()) {
      return Optional.empty();
    }
    Table table =
        Table.of(
            "Number of files: %s%s"
                .formatted(
                    Numbers.count(files.size()),
                    files.size() > MOST_FILES ? ", the first " + MOST_FILES : ""),
            "file",
            "reason",
            "detail");
    files.stream()
        .limit(MOST_FILES)
        .forEach(file -> table.row(file.file(), file.reason().key(), file.detail()));
    return Optional.of(table);
  }
}
