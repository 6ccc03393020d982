package io.github.deepxray.export.report;

import io.github.deepxray.core.bundle.ArtifactReport;
import io.github.deepxray.core.html.Html;
import io.github.deepxray.core.metrics.ClassifiedExample;
import io.github.deepxray.core.metrics.Comparison;
import io.github.deepxray.core.metrics.Curve;
import io.github.deepxray.core.metrics.Evaluation;
import io.github.deepxray.core.metrics.Interval;
import io.github.deepxray.core.metrics.MulticlassEvaluation;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.datasets.ClassNames;
import io.github.deepxray.datasets.DatasetManifest;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.export.report.Chart.Point;
import io.github.deepxray.export.report.Chart.Range;
import io.github.deepxray.train.EpochResult;
import io.github.deepxray.train.MulticlassReport;
import io.github.deepxray.train.TrainedModel;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/**
 * The report of a classifier of more than two classes: a smaller page of the same kind as {@link
 * ReportPage}.
 */
public final class MulticlassPage {
  /** A chart for each of so many classes; of more, the table says enough. */
  private static final int CHARTS = 20;

  private final Content content;
  private final Html page;

  private MulticlassPage(Content content) {
    this.content = content;
    this.page = Html.page(content.name() + ": report", ReportPage.STYLE);
  }

  /**
   * Everything the page shows.
   *
   * @param name of the model
   * @param purpose what the model does, in a sentence; may be empty
   * @param source where the images come from, in words
   * @param limits what the model is not good for, a sentence or two each
   * @param backbone where the backbone's weights are from and what happened to them, in words
   * @param training how the classifier came about
   * @param weights the hash of its weights
   * @param metrics of the trained classifier
   * @param test what it says of the test images
   * @param dataset what it was trained and evaluated on
   * @param artifacts the deployable forms
   * @param speed how fast they are, if that was measured
   * @param histories the epochs of each training, by its name, in the order of training
   * @param heatMaps how far the heat maps can be trusted, in words, if there are some
   * @param config the effective options
   * @param versions of this library and the native ones
   * @param host the kind of machine that wrote the bundle
   */
  public record Content(
      String name,
      String purpose,
      String source,
      List<String> limits,
      String backbone,
      TrainedModel.Description training,
      String weights,
      MulticlassReport metrics,
      SplitScores.Multiclass test,
      DatasetManifest dataset,
      List<ArtifactReport> artifacts,
      Optional<ReportContent.Speed> speed,
      Map<String, List<EpochResult>> histories,
      Optional<String> heatMaps,
      Map<String, String> config,
      Map<String, String> versions,
      Map<String, String> host)
      implements Origins {
    /** Copies and sorts. */
    public Content {
      limits = List.copyOf(limits);
      artifacts = List.copyOf(artifacts);
      histories = Collections.unmodifiableMap(new LinkedHashMap<>(histories));
      config = Collections.unmodifiableMap(new TreeMap<>(config));
      versions = Collections.unmodifiableMap(new TreeMap<>(versions));
      host = Collections.unmodifiableMap(new TreeMap<>(host));
    }

    private ClassNames classes() {
      return metrics.classes();
    }
  }

  /** Draws a report. */
  public static String html(Content content) {
    return new MulticlassPage(content).draw();
  }

  private String draw() {
    page.open("header").add(ReportPage.warning());
    page.element("h1", content.name()).element("p", content.purpose());
    page.close().open("main");
    summary();
    data();
    classes();
    confusion();
    curves();
    training();
    artifacts();
    page.add(OriginSection.limits(content.limits()));
    provenance();
    return page.close().endPage();
  }

  private void section(String id, String title) {
    page.open("section", "id", id).element("h2", title);
  }

  private void soft(String text) {
    page.element("p", text, "class", "soft");
  }

  private void summary() {
    MulticlassEvaluation test = content.metrics().test();
    MulticlassEvaluation validation = content.metrics().validation();
    section("quality", "How good, and how sure");
    Table table =
        Table.of(
            SummarySection.caption(
                test.images(), test.patients(), validation.images(), validation.patients()),
            "",
            "test",
            "validation",
            "test − validation");
    Map<String, ToInterval> rows = new LinkedHashMap<>();
    rows.put("accuracy", MulticlassEvaluation::accuracy);
    rows.put("balanced accuracy", MulticlassEvaluation::balancedAccuracy);
    rows.put("macro AUC", MulticlassEvaluation::macroAuc);
    rows.put("macro F1", MulticlassEvaluation::macroF1);
    rows.put("log loss", MulticlassEvaluation::logLoss);
    rows.forEach(
        (name, metric) ->
            table.row(
                name,
                Numbers.interval(metric.of(test)),
                Numbers.interval(metric.of(validation)),
                Numbers.signed(metric.of(test).value() - metric.of(validation).value(), 3)));
    page.add(table.html());
    soft(
        "The decision is for the class with the greatest probability; there is no threshold. Macro"
            + " is the mean over the classes, each against all others. Nothing was chosen on the"
            + " test split; the epoch often was on validation, which therefore flatters.");
    page.open("dl");
    pair("Backbone", content.training().backbone() + "; its weights: " + content.backbone());
    pair("Head", content.training().head().name() + ", " + content.training().epochs() + " epochs");
    content.heatMaps().ifPresent(words -> pair("Heat maps", words));
    page.close().close();
  }

  /** A metric of an evaluation. */
  @FunctionalInterface
  private interface ToInterval {
    Interval of(MulticlassEvaluation evaluation);
  }

  private void pair(String name, String value) {
    page.element("dt", name).element("dd", value);
  }

  private void data() {
    section("data", "Data");
    page.element("p", content.source());
    List<String> heads = new ArrayList<>(List.of("split", "images", "patients"));
    heads.addAll(content.classes().list());
    Table table =
        Table.of(
            "Images of each class. " + PatientsApart.statement(content.dataset().audit()),
            heads.toArray(String[]::new));
    for (DatasetManifest.SplitSummary split : content.dataset().splits()) {
      List<String> cells =
          new ArrayList<>(
              List.of(
                  split.split().key(),
                  Numbers.count(split.images()),
                  Numbers.count(split.patients())));
      for (Label label : content.classes().labels()) {
        cells.add(Numbers.count(split.labels().getOrDefault(label, 0)));
      }
      table.row(cells.toArray(String[]::new));
    }
    page.add(table.html());
    PatientsApart.doubt(content.dataset().audit()).ifPresent(this::soft);
    soft(
        Numbers.count(content.dataset().audit().quarantined().size())
            + " files were set aside, "
            + Numbers.count(content.dataset().audit().identical().size())
            + " groups of files are identical; dataset.json lists them.");
    page.close();
  }

  private void classes() {
    section("classes", "Each class against all others");
    for (Split split : List.of(Split.TEST, Split.VALIDATION)) {
      MulticlassEvaluation evaluation = content.metrics().splits().get(split.key());
      Table table =
          Table.of(
              "On the " + split.key() + " split, with 95 % intervals over resampled patients",
              "class",
              "images",
              "AUC",
              "sensitivity",
              "specificity",
              "precision",
              "F1");
      for (Label label : content.classes().labels()) {
        MulticlassEvaluation.OfClass of = evaluation.classes().get(label.index());
        table.row(
            content.classes().of(label),
            Numbers.count(of.images()),
            Numbers.interval(of.auc()),
            Numbers.interval(of.sensitivity()),
            Numbers.interval(of.specificity()),
            Numbers.interval(of.precision()),
            Numbers.interval(of.f1()));
      }
      page.add(table.html());
    }
    page.close();
  }

  private void confusion() {
    section("decisions", "Decisions");
    List<String> heads = new ArrayList<>(List.of("is \\ is decided to be"));
    heads.addAll(content.classes().list());
    Table table =
        Table.of("Test images of each class, the row, by decision", heads.toArray(String[]::new));
    for (Label label : content.classes().labels()) {
      List<Table.Cell> cells = new ArrayList<>(List.of(Table.Cell.of(content.classes().of(label))));
      List<Long> counts = content.metrics().test().confusion().get(label.index());
      for (int c = 0; c < counts.size(); c++) {
        cells.add(Table.Cell.of(c == label.index() ? "good" : "", Numbers.count(counts.get(c))));
      }
      table.row(cells);
    }
    page.add(table.html()).close();
  }

  private void curves() {
    if (content.classes().size() > CHARTS) {
      return;
    }
    section("curves", "Telling each class from all others");
    soft(
        "ROC curves on the test split: at every threshold of the class's probability the share of"
            + " its images found over that of other images taken for it. Bands are 95 % intervals"
            + " over "
            + Numbers.count(Evaluation.RESAMPLES)
            + " resamples of patients, at each place by itself. No threshold decides here.");
    page.open("div", "class", "figures");
    for (Label label : content.classes().labels()) {
      roc(label);
    }
    page.close().close();
  }

  private void roc(Label label) {
    String name = content.classes().of(label);
    List<ScoredExample> examples = new ArrayList<>();
    for (ClassifiedExample e : content.test().examples()) {
      examples.add(
          new ScoredExample(
              e.id(),
              e.patient(),
              e.label() == label.index(),
              e.probabilities().get(label.index())));
    }
    Curve curve = Curve.roc(examples, content.training().seed());
    String area = Numbers.interval(curve.area());
    Chart chart =
        Chart.of(
            "roc-" + label.index(),
            "ROC curve of " + name,
            "Sensitivity over the share of false alarms; AUC " + area + ".",
            Axis.unit("share of the other images"),
            Axis.unit("share of the images of " + name),
            400);
    chart.diagonal(new Point(0, 0), new Point(1, 1));
    chart.band("test", curve.band().stream().map(b -> new Range(b.x(), b.y())).toList());
    chart.line("test", curve.points().stream().map(p -> new Point(p.x(), p.y())).toList());
    figure(chart, name + ", AUC " + area);
  }

  private void figure(Chart chart, String caption) {
    page.open("figure").add(chart.html()).element("figcaption", caption).close();
  }

  private void training() {
    section("training", "Training");
    soft(
        "The training loss counts smoothed labels, class weights and penalties in, the validation"
            + " loss only the weights. AUC is the mean over the classes. Axes need not begin at 0.");
    content
        .histories()
        .forEach(
            (stage, epochs) -> {
              if (!epochs.isEmpty()) {
                page.element("h3", stage).open("div", "class", "figures");
                Map<String, ToDoubleFunction<EpochResult>> losses = new LinkedHashMap<>();
                losses.put("training", EpochResult::loss);
                losses.put("validation", EpochResult::validationLoss);
                chart(stage, "loss", epochs, losses);
                chart(stage, "AUC", epochs, Map.of("validation", EpochResult::validationAuc));
                page.close();
              }
            });
    page.close();
  }

  private void chart(
      String stage,
      String what,
      List<EpochResult> epochs,
      Map<String, ToDoubleFunction<EpochResult>> lines) {
    TrainingSection.chart(
            stage + "-" + what,
            what + " of " + stage + " by epoch",
            "From epoch 1 to " + epochs.size() + ".",
            what,
            epochs,
            lines,
            OptionalInt.empty())
        .ifPresent(chart -> figure(chart, what + " by epoch."));
  }

  private void artifacts() {
    section("artifacts", "Artifacts");
    List<String> heads =
        new ArrayList<>(
            List.of(
                "file",
                "gate",
                "form",
                "MB",
                "MB gzip",
                "macro AUC",
                "accuracy",
                "largest difference of a probability",
                "decided otherwise"));
    content.speed().ifPresent(speed -> heads.add("ms an image"));
    Table table =
        Table.of(
            "On the test split; differences are to the trained model",
            heads.toArray(String[]::new));
    for (ArtifactReport artifact : content.artifacts()) {
      Optional<Comparison> test =
          Optional.ofNullable(artifact.verdict().splits().get(Split.TEST.key()));
      List<String> cells =
          new ArrayList<>(
              List.of(
                  artifact.path(),
                  artifact.verdict().blessed() ? "✓ blessed" : "✗ refused",
                  artifact.form(),
                  Numbers.megabytes(artifact.size().raw()),
                  Numbers.megabytes(artifact.size().gzip()),
                  test.map(c -> changed(c.auc(), c.deltaAuc())).orElse(Numbers.NONE),
                  test.map(c -> changed(c.accuracy(), c.deltaAccuracy())).orElse(Numbers.NONE),
                  test.map(c -> Numbers.decimals(c.maxDeltaProbability(), 4)).orElse(Numbers.NONE),
                  test.map(c -> Numbers.count(c.flipped()) + " of " + Numbers.count(c.images()))
                      .orElse(Numbers.NONE)));
      content.speed().ifPresent(speed -> cells.add(ArtifactsSection.milliseconds(speed, artifact)));
      table.row(cells.toArray(String[]::new));
    }
    page.add(table.html());
    content.speed().map(ArtifactsSection::measuredOn).ifPresent(this::soft);
    ArtifactsSection.refusals(page, content.artifacts());
    page.close();
  }

  private static String changed(Interval value, Interval difference) {
    return Double.isNaN(difference.value())
        ? Numbers.interval(value)
        : Numbers.interval(value) + ", " + Numbers.signed(difference.value(), 4);
  }

  private void provenance() {
    section("provenance", "How it was made");
    OriginSection.pairs(page, "Options", content.config());
    OriginSection.hashes(page, content);
    page.close();
  }
}
