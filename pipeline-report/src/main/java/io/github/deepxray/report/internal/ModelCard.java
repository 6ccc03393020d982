package io.github.deepxray.report.internal;

import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.ArtifactReport;
import io.github.deepxray.core.metrics.Comparison;
import io.github.deepxray.core.metrics.ConfusionMatrix;
import io.github.deepxray.core.metrics.Evaluation;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.datasets.DatasetAudit;
import io.github.deepxray.datasets.DatasetManifest.SplitSummary;
import io.github.deepxray.datasets.DatasetOrigin;
import io.github.deepxray.datasets.DatasetProfile;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.train.DecisionRule.Thresholds;
import io.github.deepxray.train.InputGuard;
import io.github.deepxray.train.ModelMetrics;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.internal.head.HeadNetworks;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Model card of a bundle (Mitchell et al. 2019) with front matter for the Hugging Face Hub.
 *
 * @param name name of the model
 * @param purpose sentence about the task of the model
 * @param origin origin of the images
 * @param training description of the training
 * @param metrics metrics of the trained classifier
 * @param guard description of the input guard, {@link InputGuard#NONE}'s without a guard
 * @param dataset data set of training and evaluation
 * @param artifacts reports of the artifacts
 * @param explained precision of the heat maps, if there are any
 */
public record ModelCard(
    String name,
    String purpose,
    DatasetOrigin origin,
    TrainedModel.Description training,
    ModelMetrics metrics,
    InputGuard.Description guard,
    PreparedDataset dataset,
    List<ArtifactReport> artifacts,
    Optional<HeatMapCheck> explained) {

  /** Name of Kermany's data set on the Hugging Face Hub. */
  static final String KERMANY_ON_HUB = "hf-vision/chest-xray-pneumonia";

  /** Copies the list. */
  public ModelCard {
    artifacts = List.copyOf(artifacts);
  }

  /**
   * Metric of the front matter.
   *
   * @param type name on the Hugging Face Hub
   * @param value value with all digits
   */
  record Measured(String type, String name, String value) {}

  /** Returns the card as Markdown. */
  public String render() {
    return Templates.text(out -> JtecardGenerated.render(out, null, this));
  }

  DatasetProfile profile() {
    return dataset.manifest().profile();
  }

  DatasetAudit audit() {
    return dataset.manifest().audit();
  }

  ClassVocabulary words() {
    return new ClassVocabulary(profile());
  }

  ModelCardText text() {
    return new ModelCardText(origin, words(), training);
  }

  private Evaluation test() {
    return metrics.of(Split.TEST);
  }

  boolean hasSavedModel() {
    return artifacts.stream()
        .anyMatch(report -> report.artifact().equals(Artifact.SAVED_MODEL.key()));
  }

  boolean isKermany() {
    return origin == DatasetOrigin.KERMANY_2018;
  }

  boolean isPhantoms() {
    return origin == DatasetOrigin.PHANTOMS;
  }

  String tag() {
    return isPhantoms() ? "demonstration" : "deepxray";
  }

  String dataName() {
    return switch (origin) {
      case KERMANY_2018 -> "Chest X-Ray Images (Pneumonia)";
      case PHANTOMS -> "drawn phantoms, not medical data";
      case UNKNOWN -> "images " + dataset.fingerprint().substring(0, 12);
    };
  }

  String dataType() {
    return isKermany() ? KERMANY_ON_HUB : "image-folder";
  }

  /** Returns the metrics with a defined value. */
  List<Measured> measured() {
    List<Measured> measured = new ArrayList<>();
    test()
        .overall(metrics.decision().name())
        .forEach(
            (metric, interval) -> {
              if (!Double.isNaN(interval.value())) {
                measured.add(
                    new Measured(
                        onHub(metric),
                        metric.title(words().size()),
                        Double.toString(interval.value())));
              }
            });
    return measured;
  }

  /** Returns the name of a metric on the Hugging Face Hub. */
  private static String onHub(Metric metric) {
    return switch (metric) {
      case AUC -> "roc_auc";
      case BRIER -> "brier_score";
      case SENSITIVITY -> "recall";
      default -> metric.id();
    };
  }

  int size() {
    return training.imageSize();
  }

  /** The name of the output. */
  String output() {
    return HeadNetworks.output(words().size());
  }

  /** Number of output values for an image. */
  int outputs() {
    return words().size() == 2 ? 1 : words().size();
  }

  /** Description of the default decision. */
  String rule() {
    return metrics.decision().describe(profile());
  }

  CardTable files() {
    List<String> heads =
        new ArrayList<>(
            List.of("file", "form", "weights", "not zero", "bytes", "gzip", "zip", "threshold"));
    Metric.HEADLINES.forEach(m -> heads.add("test " + m.title(words().size())));
    heads.add("gate");
    return CardTable.of(heads, artifacts.stream().map(ModelCard::cells).toList());
  }

  private static List<String> cells(ArtifactReport artifact) {
    // Empty if the artifact could not be run.
    Optional<Comparison> test =
        Optional.ofNullable(artifact.verdict().splits().get(Split.TEST.key()));
    List<String> cells = new ArrayList<>();
    cells.add("`" + artifact.path() + "`");
    cells.add(artifact.form());
    cells.add(artifact.weights().map(w -> Numbers.count(w.weights())).orElse("-"));
    cells.add(artifact.weights().map(w -> Numbers.count(w.nonZero())).orElse("-"));
    cells.add(Numbers.count(artifact.size().raw()));
    cells.add(Numbers.count(artifact.size().gzip()));
    cells.add(Numbers.count(artifact.size().zip()));
    cells.add(threshold(artifact.threshold()));
    Metric.HEADLINES.forEach(m -> cells.add(test.map(c -> c.of(m).toString()).orElse("-")));
    cells.add(artifact.verdict().blessed() ? "blessed" : "**refused**");
    return cells;
  }

  private static String threshold(OptionalDouble threshold) {
    return threshold.isPresent()
        ? String.format(Locale.ROOT, "%.4f", threshold.getAsDouble())
        : "-";
  }

  GuardSection guardSection() {
    return GuardSection.of(guard);
  }

  /** Returns the table of detections, if there is a guard. */
  List<CardTable> detections() {
    return GuardSection.card(guard);
  }

  /** Files with wider gate limits. */
  List<ArtifactsSection.Remark> widened() {
    return ArtifactsSection.widened(artifacts);
  }

  CardTable splits() {
    List<Label> labels = words().classes().labels();
    List<String> heads = new ArrayList<>(List.of("split", "images", "patients"));
    labels.forEach(label -> heads.add(words().name(label)));
    List<List<String>> rows = new ArrayList<>();
    for (SplitSummary split : dataset.manifest().splits()) {
      List<String> cells = new ArrayList<>(List.of(split.split().key()));
      cells.add(Numbers.count(split.images()));
      cells.add(Numbers.count(split.patients()));
      labels.forEach(label -> cells.add(Numbers.count(split.labels().getOrDefault(label, 0))));
      rows.add(cells);
    }
    return CardTable.ofNumbers(1, heads, rows);
  }

  CardTable probabilities() {
    return CardTable.of(
        List.of("metric", "value"),
        Metric.ofProbabilities().stream()
            .map(
                metric ->
                    List.of(
                        metric.title(words().size()), test().probabilities().of(metric).toString()))
            .toList());
  }

  /** Returns metrics of the framed validation images beside those of the unchanged ones. */
  CardTable framed() {
    String decision = metrics.decision().name();
    return CardTable.of(
        List.of("metric", "framed validation", "validation"),
        Metric.HEADLINES.stream()
            .map(
                metric ->
                    List.of(
                        metric.title(words().size()),
                        metrics.framed().of(metric, decision).toString(),
                        metrics.of(Split.VALIDATION, metric).toString()))
            .toList());
  }

  CardTable decisions() {
    List<String> heads = new ArrayList<>(List.of("decision", "threshold"));
    Metric.ofDecisions().forEach(m -> heads.add(m.title(words().size())));
    List<List<String>> rows = new ArrayList<>();
    for (String decision : metrics.decisions()) {
      List<String> cells = new ArrayList<>(List.of(decision));
      cells.add(threshold(test().decisions().get(decision).threshold()));
      Metric.ofDecisions().forEach(m -> cells.add(test().of(m, decision).toString()));
      rows.add(cells);
    }
    return CardTable.of(heads, rows);
  }

  /** Name of the prior-corrected decision. */
  String prior() {
    return Thresholds.PRIOR;
  }

  /** Whether there is a prior-corrected decision. */
  boolean correctsForShares() {
    return metrics.decisions().contains(prior());
  }

  /** Returns the one-vs-rest table of classes; empty for two classes, which other tables cover. */
  List<CardTable> classes() {
    if (words().targets().size() == 1) {
      return List.of();
    }
    List<Metric> ofClass = Metric.ofClasses();
    List<String> heads = new ArrayList<>(List.of("class", "images"));
    ofClass.forEach(m -> heads.add(m.title()));
    List<List<String>> rows = new ArrayList<>();
    for (Label label : words().targets()) {
      List<String> cells = new ArrayList<>(List.of(words().name(label)));
      cells.add(Numbers.count(test().images().get(label.index())));
      ofClass.forEach(
          m -> cells.add(test().of(m, metrics.decision().name(), label.index()).toString()));
      rows.add(cells);
    }
    return List.of(CardTable.of(heads, rows));
  }

  private ConfusionMatrix confusion() {
    return test().decisions().get(metrics.decision().name()).confusion();
  }

  /** Whether confusions are a complete matrix instead of the most frequent confusions. */
  boolean hasMatrix() {
    return confusion().classes() <= ConfusionMatrix.READABLE;
  }

  CardTable confusions() {
    List<String> names = words().classes().list();
    if (!hasMatrix()) {
      return CardTable.ofNumbers(
          2,
          List.of("class", "decided to be", "test images"),
          confusion().mostFrequent().stream()
              .map(
                  c ->
                      List.of(
                          names.get(c.label()), names.get(c.decided()), Numbers.count(c.count())))
              .toList());
    }
    List<String> heads = new ArrayList<>(List.of(""));
    heads.addAll(names);
    List<List<String>> rows = new ArrayList<>();
    for (Label label : words().classes().labels()) {
      List<String> cells = new ArrayList<>(List.of(words().classes().of(label)));
      confusion().counts().get(label.index()).forEach(count -> cells.add(Numbers.count(count)));
      rows.add(cells);
    }
    return CardTable.ofNumbers(1, heads, rows);
  }

  /** Returns the table of finer classes, if there are any. */
  List<CardTable> slices() {
    Map<String, Evaluation> slices = metrics.slices(Split.TEST);
    if (slices.isEmpty()) {
      return List.of();
    }
    List<List<String>> rows = new ArrayList<>();
    slices.forEach(
        (slice, evaluation) -> {
          int label = evaluation.sliceLabel();
          rows.add(
              List.of(
                  slice,
                  Numbers.count(evaluation.images().get(label)),
                  evaluation.probabilities().of(Metric.AUC).toString(),
                  evaluation.of(Metric.SENSITIVITY, metrics.decision().name(), label).toString()));
        });
    return List.of(
        CardTable.of(
            List.of(
                "slice of the test split",
                "images",
                "AUC against all " + words().many(Label.NEGATIVE),
                "decided correctly"),
            rows));
  }
}
