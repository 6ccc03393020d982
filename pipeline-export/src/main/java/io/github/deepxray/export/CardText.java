package io.github.deepxray.export;

import io.github.deepxray.core.Version;
import io.github.deepxray.core.bundle.ArtifactReport;
import io.github.deepxray.core.metrics.Comparison;
import io.github.deepxray.core.metrics.Evaluation;
import io.github.deepxray.core.metrics.Interval;
import io.github.deepxray.datasets.DatasetAudit;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.export.report.PatientsApart;
import io.github.deepxray.train.TrainedModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The parts of a model card that do not depend on the number of classes. */
final class CardText {
  /** What every card begins with. */
  static final String WARNING =
      """
      > **Not a medical device.** This model was made for research and engineering. It has not been
      > reviewed or cleared for diagnosis, triage or any other clinical use, and must not be used
      > for it.
      """;

  private CardText() {}

  /** A metric of the front matter with all digits; one that is not defined is left out. */
  static void metric(StringBuilder text, String type, String name, Interval measured) {
    if (!Double.isNaN(measured.value())) {
      text.append("    - type: ").append(type).append("\n      name: ").append(name);
      text.append("\n      value: ").append(measured.value()).append('\n');
    }
  }

  /**
   * An artifact's row in the table of files.
   *
   * @param decision the cells between sizes and metrics, about how it decides
   */
  static String row(ArtifactReport artifact, String... decision) {
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
    cells.addAll(List.of(decision));
    cells.add(test.map(c -> c.auc().toString()).orElse("-"));
    cells.add(test.map(c -> c.accuracy().toString()).orElse("-"));
    cells.add(artifact.verdict().blessed() ? "blessed" : "**refused**");
    return "| " + String.join(" | ", cells) + " |\n";
  }

  /**
   * What the table of artifacts means.
   *
   * @param auc how the area under the ROC curve is called
   */
  static String gate(List<ArtifactReport> artifacts, String auc) {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            """

            Bytes as they are, gzip -6 and zip. "blessed" says that the file's %s, accuracy and
            probabilities on the validation and test splits are within the limits in `artifacts.json`
            of the trained model's. Do not use one that is refused.
            """,
            auc));
    List<String> widened = new ArrayList<>();
    for (ArtifactReport artifact : artifacts) {
      artifact
          .widenedLimits()
          .ifPresent(words -> widened.add("- `" + artifact.path() + "` " + words + "\n"));
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

  /**
   * How the classifier came about, and how metrics were measured.
   *
   * @param history what happened to the backbone, as the end of a sentence
   */
  static String training(TrainedModel.Description training, String history) {
    return String.format(
        Locale.ROOT,
        """

        ## Training

        Backbone `%s`, its weights: %s%s. Head `%s`, trained for %d epochs with seed %d by
        deepxray %s. `provenance.json` has the hashes of weights and data and every option.

        ## Metrics

        On the test split, which nothing was chosen on. In brackets the 95 %% interval over %d
        bootstrap resamples of patients.""",
        training.backbone(),
        training.backboneSource(),
        history,
        training.head().name(),
        training.epochs(),
        training.seed(),
        Version.current(),
        Evaluation.RESAMPLES);
  }

  /** What was found in the data, and which images are apart; a paragraph between blank lines. */
  static String audit(DatasetAudit audit) {
    StringBuilder text = new StringBuilder("\nAs audited in `dataset.json`. ");
    text.append(PatientsApart.statement(audit));
    PatientsApart.doubt(audit).ifPresent(doubt -> text.append('\n').append(doubt));
    return text.append("\n\n").toString();
  }

  static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }
}
