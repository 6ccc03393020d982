package io.github.deepxray.report;

import io.github.deepxray.classify.ArtifactReport;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.Version;
import io.github.deepxray.core.metrics.Comparison;
import io.github.deepxray.core.metrics.ConfusionMatrix;
import io.github.deepxray.core.metrics.Evaluation;
import io.github.deepxray.core.metrics.Interval;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.datasets.DatasetManifest.SplitSummary;
import io.github.deepxray.datasets.DatasetProfile;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.optimize.GradCam;
import io.github.deepxray.train.DecisionThresholds;
import io.github.deepxray.train.ModelMetrics;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.head.HeadNetworks;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Collectors;

/**
 * The model card of a bundle (Mitchell et al. 2019) with the front matter that the Hugging Face Hub
 * reads.
 *
 * @param name what to call the model
 * @param purpose what the model does, in a sentence
 * @param origin where the images come from
 * @param training how the classifier came about
 * @param metrics of the trained classifier
 * @param dataset what it was trained and evaluated on
 * @param artifacts the deployable forms
 * @param explained how far the heat maps are from exact ones, if there are some
 */
public record ModelCard(
    String name,
    String purpose,
    DatasetOrigin origin,
    TrainedModel.Description training,
    ModelMetrics metrics,
    PreparedDataset dataset,
    List<ArtifactReport> artifacts,
    Optional<HeatMapCheck> explained) {

  /** Copies the list. */
  public ModelCard {
    artifacts = List.copyOf(artifacts);
  }

  private static final String KERMANY_ON_HUB = "hf-vision/chest-xray-pneumonia";

  private static final String WARNING =
      """
      > **Not a medical device.** This model was made for research and engineering. It has not been
      > reviewed or cleared for diagnosis, triage or any other clinical use, and must not be used
      > for it.
      """;

  private DatasetProfile profile() {
    return dataset.manifest().profile();
  }

  private ClassVocabulary words() {
    return new ClassVocabulary(profile());
  }

  private Evaluation test() {
    return metrics.of(Split.TEST);
  }

  /** The card as Markdown. */
  public String render() {
    ModelCardText statements = new ModelCardText(origin, words(), training);
    StringBuilder text = new StringBuilder();
    text.append(frontMatter());
    text.append("# ").append(name).append("\n\n").append(purpose).append("\n\n");
    text.append(WARNING);
    text.append("\n## Intended use\n\n").append(intendedUse());
    text.append("\n## Input and output\n\n").append(inputAndOutput());
    text.append("\n## Files\n\n").append(files());
    explained.ifPresent(check -> text.append(explanation(check)));
    text.append("\n## Data\n\n").append(statements.data()).append(data());
    text.append("\n## Training\n\n").append(training(statements));
    text.append("\n## Metrics\n\n").append(metricsTables());
    text.append("\n## Limits\n\n");
    statements.limits().forEach(limit -> text.append("- ").append(limit).append('\n'));
    return text.toString();
  }

  private String frontMatter() {
    StringBuilder text = new StringBuilder();
    text.append(
        """
        ---
        license: apache-2.0
        library_name: tflite
        pipeline_tag: image-classification
        """);
    if (origin == DatasetOrigin.KERMANY_2018) {
      // The same archive on the Hugging Face Hub.
      text.append("datasets:\n- ").append(KERMANY_ON_HUB).append('\n');
    }
    line(text, "tags:\n- %s", origin == DatasetOrigin.PHANTOMS ? "demonstration" : "deepxray");
    profile().tags().forEach(tag -> line(text, "- %s", tag));
    text.append(
        String.format(
            Locale.ROOT,
            """
            - "%s"
            - tensorflow
            - tflite
            model-index:
            - name: "%s"
              results:
              - task:
                  type: image-classification
                dataset:
                  name: %s
                  type: %s
                  split: test
                metrics:
            """,
            training.backbone(),
            name,
            switch (origin) {
              case KERMANY_2018 -> "Chest X-Ray Images (Pneumonia)";
              case PHANTOMS -> "drawn phantoms, not medical data";
              case UNKNOWN -> "images " + dataset.fingerprint().substring(0, 12);
            },
            origin == DatasetOrigin.KERMANY_2018 ? KERMANY_ON_HUB : "image-folder"));
    metrics
        .of(Split.TEST)
        .overall(metrics.decision().name())
        .forEach((metric, measured) -> metric(text, metric, measured));
    return text.append("---\n\n").toString();
  }

  /** A metric of the front matter with all digits; one that is not defined is left out. */
  private void metric(StringBuilder text, Metric metric, Interval measured) {
    if (!Double.isNaN(measured.value())) {
      line(text, "    - type: %s", onHub(metric));
      line(text, "      name: %s", metric.title(words().size()));
      text.append("      value: ").append(measured.value()).append('\n');
    }
  }

  /** The name of a metric on the Hugging Face Hub. */
  private static String onHub(Metric metric) {
    return switch (metric) {
      case AUC -> "roc_auc";
      case BRIER -> "brier_score";
      case SENSITIVITY -> "recall";
      default -> metric.id();
    };
  }

  private String intendedUse() {
    if (origin == DatasetOrigin.PHANTOMS) {
      return """
      For trying out the way from images to a deployed classifier on the JVM. It was trained on
      drawings: what it says about an X-ray means nothing.
      """;
    }
    return String.format(
        Locale.ROOT,
        """
        %s goes in, the probability of %s comes out. Meant for trying out, benchmarking and teaching
        the way from images to a deployed classifier on the JVM. Out of scope: patients, findings
        that are none of the classes, images of other kinds than those it was trained on, and
        comparing hospitals.
        """,
        ClassVocabulary.capitalized(profile().image()),
        words().scored());
  }

  private String inputAndOutput() {
    int classes = words().size();
    return String.format(
        Locale.ROOT,
        """
        - Input `images`: RGB `[N, %1$d, %1$d, 3]`, 0..255, as 32-bit floats; as integers where the
          table says so, by the tensor's scale and zero point. Normalization is part of the model.
          Images of another size are stretched to %1$d x %1$d with an antialiased triangle filter and
          rounded to 8 bits. The SavedModel signature `serving_bytes` takes JPEG or PNG files and
          does all of that itself, but knows no orientation tags, transparency or damage.
        - Output `%2$s` `[N, %3$d]`: the probability of %4$s, 0..1, as 32-bit floats or integers as
          above.
        - Classes, by label as in `labels.txt`: %5$s.
        - Decide for %6$s. The test split had no part in that.
        """,
        training.imageSize(),
        HeadNetworks.output(classes),
        classes == 2 ? 1 : classes,
        words().scored(),
        String.join(", ", words().classes().list()),
        metrics.decision().describe(profile()));
  }

  private String files() {
    StringBuilder text = new StringBuilder();
    List<String> heads =
        new ArrayList<>(
            List.of("file", "form", "weights", "not zero", "bytes", "gzip", "zip", "threshold"));
    Metric.HEADLINES.forEach(m -> heads.add("test " + m.title(words().size())));
    heads.add("gate");
    row(text, heads);
    row(text, heads.stream().map(head -> "---").toList());
    artifacts.forEach(artifact -> row(text, cells(artifact)));
    text.append(
        """

        Bytes as they are, gzip -6 and zip. "blessed" says that the file's AUC, accuracy and
        probabilities on the validation and test splits are within the limits in `artifacts.json`
        of the trained model's. Do not use one that is refused.
        """);
    List<String> widened = new ArrayList<>();
    for (ArtifactReport artifact : artifacts) {
      artifact
          .widenedLimits()
          .ifPresent(wider -> widened.add("- `" + artifact.path() + "` " + wider + "\n"));
    }
    if (!widened.isEmpty()) {
      text.append(
          """

          Some splits have fewer than 100 images of a class, too few to measure so small differences.
          There, wider limits were used, so that "blessed" says less:

          """);
      widened.forEach(text::append);
    }
    return text.toString();
  }

  private static List<String> cells(ArtifactReport artifact) {
    // Missing if the artifact could not be run.
    Optional<Comparison> test =
        Optional.ofNullable(artifact.verdict().splits().get(Split.TEST.key()));
    List<String> cells = new ArrayList<>();
    cells.add("`" + artifact.path() + "`");
    cells.add(artifact.form());
    cells.add(artifact.weights().map(w -> count(w.weights())).orElse("-"));
    cells.add(artifact.weights().map(w -> count(w.nonZero())).orElse("-"));
    cells.add(count(artifact.size().raw()));
    cells.add(count(artifact.size().gzip()));
    cells.add(count(artifact.size().zip()));
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

  private String explanation(HeatMapCheck check) {
    return String.format(
        Locale.ROOT,
        """

        `%s` (%,d bytes, 8-bit weights) gives `%s` and a second output `%s`
        `[%d, %d, 1]`: Grad-CAM (Selvaraju et al. 2017), where the image speaks for %s, spread
        evenly over the whole image. On %d images of the test split its maps differ from those of the
        unquantized model by %.1f %% of the map's maximum on average, correlation %.3f. It shows what
        this model looked at; it does not show where a disease is.
        """,
        Bundle.EXPLAIN,
        check.bytes(),
        HeadNetworks.output(words().size()),
        GradCam.HEAT_MAP,
        check.height(),
        check.width(),
        words().explained(),
        check.images(),
        100 * check.meanDifference(),
        check.correlation());
  }

  private String data() {
    StringBuilder text = new StringBuilder("\nAs audited in `dataset.json`. ");
    text.append(PatientSplitNote.statement(dataset.manifest().audit()));
    PatientSplitNote.doubt(dataset.manifest().audit())
        .ifPresent(doubt -> text.append('\n').append(doubt));
    text.append("\n\n");
    List<Label> labels = words().classes().labels();
    List<String> heads = new ArrayList<>(List.of("split", "images", "patients"));
    labels.forEach(label -> heads.add(words().name(label)));
    row(text, heads);
    row(text, numbers(heads));
    for (SplitSummary split : dataset.manifest().splits()) {
      List<String> cells = new ArrayList<>(List.of(split.split().key()));
      cells.add(count(split.images()));
      cells.add(count(split.patients()));
      labels.forEach(label -> cells.add(count(split.labels().getOrDefault(label, 0))));
      row(text, cells);
    }
    return text.toString();
  }

  private String training(ModelCardText statements) {
    return String.format(
        Locale.ROOT,
        """
        Backbone `%s`, its weights: %s%s. Head `%s`, trained for %d epochs with seed %d by
        deepxray %s. `provenance.json` has the hashes of weights and data and every option.
        """,
        training.backbone(),
        training.backboneSource(),
        statements.backboneHistory(),
        training.head().name(),
        training.epochs(),
        training.seed(),
        Version.current());
  }

  private String metricsTables() {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            """
            On the test split, which nothing was chosen on. In brackets the 95 %% interval over %d
            bootstrap resamples of patients.
            """,
            Evaluation.RESAMPLES));
    if (words().targets().size() > 1) {
      text.append(
          """
          Each class is measured against all others; macro means the mean over the classes.
          """);
    }
    text.append('\n');
    row(text, List.of("metric", "value"));
    row(text, List.of("---", "---"));
    for (Metric metric : Metric.ofProbabilities()) {
      row(
          text,
          List.of(metric.title(words().size()), test().probabilities().of(metric).toString()));
    }
    text.append('\n');
    decisions(text);
    classes(text);
    confusion(text);
    slices(text);
    return text.toString();
  }

  private void decisions(StringBuilder text) {
    List<String> heads = new ArrayList<>(List.of("decision", "threshold"));
    Metric.ofDecisions().forEach(m -> heads.add(m.title(words().size())));
    row(text, heads);
    row(text, heads.stream().map(head -> "---").toList());
    for (String decision : metrics.decisions()) {
      List<String> cells = new ArrayList<>(List.of(decision));
      cells.add(threshold(test().decisions().get(decision).threshold()));
      Metric.ofDecisions().forEach(m -> cells.add(test().of(m, decision).toString()));
      row(text, cells);
    }
    line(text, "\n`%s` is the recommended one.", metrics.decision().name());
    if (metrics.decisions().contains(DecisionThresholds.PRIOR)) {
      line(
          text,
          "`%s` corrects for the share of %s that the training saw.",
          DecisionThresholds.PRIOR,
          words().scored());
    }
  }

  /** Each class against all others; of two classes the tables before say the same. */
  private void classes(StringBuilder text) {
    if (words().targets().size() == 1) {
      return;
    }
    List<Metric> ofClass = Metric.ofClasses();
    List<String> heads = new ArrayList<>(List.of("class", "images"));
    ofClass.forEach(m -> heads.add(m.title()));
    text.append('\n');
    row(text, heads);
    row(text, heads.stream().map(head -> "---").toList());
    for (Label label : words().targets()) {
      List<String> cells = new ArrayList<>(List.of(words().name(label)));
      cells.add(count(test().images().get(label.index())));
      ofClass.forEach(
          m -> cells.add(test().of(m, metrics.decision().name(), label.index()).toString()));
      row(text, cells);
    }
  }

  private void confusion(StringBuilder text) {
    ConfusionMatrix counts = test().decisions().get(metrics.decision().name()).confusion();
    if (counts.classes() > ConfusionMatrix.READABLE) {
      text.append("\nThe most frequent confusions:\n\n");
      row(text, List.of("class", "decided to be", "test images"));
      row(text, List.of("---", "---", "---:"));
      List<String> names = words().classes().list();
      counts
          .mostFrequent()
          .forEach(
              c ->
                  row(
                      text,
                      List.of(names.get(c.label()), names.get(c.decided()), count(c.count()))));
      return;
    }
    text.append("\nOf each class, the row, so many test images are decided to be each class:\n\n");
    List<String> heads = new ArrayList<>(List.of(""));
    heads.addAll(words().classes().list());
    row(text, heads);
    row(text, numbers(heads));
    for (Label label : words().classes().labels()) {
      List<String> cells = new ArrayList<>(List.of(words().classes().of(label)));
      counts.counts().get(label.index()).forEach(count -> cells.add(count(count)));
      row(text, cells);
    }
  }

  private void slices(StringBuilder text) {
    Map<String, Evaluation> slices = metrics.slices(Split.TEST);
    if (slices.isEmpty()) {
      return;
    }
    List<String> heads =
        List.of(
            "slice of the test split",
            "images",
            "AUC against all " + words().many(Label.NEGATIVE),
            "decided rightly");
    text.append('\n');
    row(text, heads);
    row(text, heads.stream().map(head -> "---").toList());
    slices.forEach(
        (slice, evaluation) -> {
          int label = evaluation.sliceLabel();
          row(
              text,
              List.of(
                  slice,
                  count(evaluation.images().get(label)),
                  evaluation.probabilities().of(Metric.AUC).toString(),
                  evaluation.of(Metric.SENSITIVITY, metrics.decision().name(), label).toString()));
        });
  }

  /** The line below heads of which the first is text and the others are numbers. */
  private static List<String> numbers(List<String> heads) {
    List<String> line = new ArrayList<>(List.of("---"));
    heads.stream().skip(1).forEach(head -> line.add("---:"));
    return line;
  }

  private static void row(StringBuilder text, List<String> cells) {
    text.append(
        cells.stream()
            .map(cell -> cell.replace("|", "\\|"))
            .collect(Collectors.joining(" | ", "| ", " |\n")));
  }

  private static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  private static void line(StringBuilder text, String format, Object... arguments) {
    text.append(String.format(Locale.ROOT, format, arguments)).append('\n');
  }
}
