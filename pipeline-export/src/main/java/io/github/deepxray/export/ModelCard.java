package io.github.deepxray.export;

import io.github.deepxray.core.bundle.ArtifactReport;
import io.github.deepxray.core.bundle.Bundle;
import io.github.deepxray.core.metrics.Evaluation;
import io.github.deepxray.datasets.ClassNames;
import io.github.deepxray.datasets.DatasetProfile;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.optimize.GradCam;
import io.github.deepxray.train.DecisionThresholds;
import io.github.deepxray.train.MetricsReport;
import io.github.deepxray.train.TrainedModel;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The model card of a bundle (Mitchell et al. 2019) with the front matter that the Hugging Face Hub
 * reads.
 */
record ModelCard(
    String name,
    String purpose,
    ImageOrigin origin,
    TrainedModel.Description training,
    MetricsReport metrics,
    PreparedDataset dataset,
    List<ArtifactReport> artifacts,
    Optional<HeatMapCheck> explained) {

  private static final String KERMANY_ON_HUB = "hf-vision/chest-xray-pneumonia";

  private ClassNames classes() {
    return dataset.manifest().classNames();
  }

  String render() throws IOException {
    Statements statements = new Statements(origin, classes(), training);
    Evaluation test = metrics.test();
    Evaluation.AtThreshold decided = test.thresholds().get(DecisionThresholds.DEFAULT);
    StringBuilder text = new StringBuilder();
    text.append(frontMatter(test, decided));
    text.append("# ").append(name).append("\n\n").append(purpose).append("\n\n");
    text.append(CardText.WARNING);
    text.append("\n## Intended use\n\n").append(intendedUse());
    text.append(
        """

        ## Input and output

        """);
    text.append(
        String.format(
            Locale.ROOT,
            """
            - Input `images`: RGB `[N, %1$d, %1$d, 3]`, 0..255, as 32-bit floats%4$s.
              Normalization is part of the model. Images of another size are stretched to %1$d x %1$d with an antialiased triangle
              filter and rounded to 8 bits. The SavedModel signature `serving_bytes` takes JPEG or PNG
              files and does all of that itself, but knows no orientation tags, transparency or damage.
            - Output `probability` `[N, 1]`: the probability of %5$s, 0..1, as 32-bit float%4$s.
            - Decide for %5$s from **%2$.4f** on. The threshold finds %3$.0f %% of %6$s in the
              validation split; the test split had no part in it.

            ## Files

            | file | form | weights | not zero | bytes | gzip | zip | threshold | test AUC | accuracy | gate |
            |---|---|---:|---:|---:|---:|---:|---:|---|---|---|
            """,
            training.imageSize(),
            decided.threshold(),
            100 * metrics.thresholds().targetSensitivity(),
            artifacts.stream().anyMatch(ModelCard::integers)
                ? " (or integers, where the table says so, by the tensor's scale and zero point)"
                : "",
            Words.positive(classes()),
            Words.positives(classes())));
    for (ArtifactReport artifact : artifacts) {
      double threshold = artifact.threshold().orElseThrow(IllegalStateException::new);
      text.append(CardText.row(artifact, String.format(Locale.ROOT, "%.4f", threshold)));
    }
    text.append(CardText.gate(artifacts, "AUC"));
    explained.ifPresent(check -> text.append(explanation(check)));
    text.append("\n## Data\n\n").append(statements.data());
    text.append(CardText.audit(dataset.manifest().audit()));
    text.append(
        """
        | split | images | with %s |
        |---|---:|---:|
        """
            .formatted(Words.positive(classes())));
    for (Split split : Split.values()) {
      dataset.manifest().splits().stream()
          .filter(s -> s.split() == split)
          .forEach(
              s ->
                  text.append(
                      String.format(
                          Locale.ROOT,
                          "| %s | %,d | %,d |%n",
                          split.key(),
                          s.images(),
                          s.labels().getOrDefault(Label.PNEUMONIA, 0))));
    }
    text.append(CardText.training(training, statements.backboneHistory())).append("\n\n");
    text.append(metricsTable(test));
    text.append("\n## Limits\n\n").append(statements.limits());
    return text.toString().replace("\r\n", "\n");
  }

  /** Whether its form says that it reads or writes integers. */
  private static boolean integers(ArtifactReport artifact) {
    return artifact.form().matches(".*\\b(reads|writes) u?int.*");
  }

  private String explanation(HeatMapCheck check) {
    return String.format(
        Locale.ROOT,
        """

        `%s` (%,d bytes, 8-bit weights) gives `probability` and a second output `%s`
        `[%d, %d, 1]`: Grad-CAM (Selvaraju et al. 2017), where the image speaks for %s, spread
        evenly over the whole image. On %d images of the test split its maps differ from those of the
        unquantized model by %.1f %% of the map's maximum on average, correlation %.3f. It shows what
        this model looked at; it does not show where a disease is.
        """,
        Bundle.EXPLAIN,
        check.bytes(),
        GradCam.HEAT_MAP,
        check.height(),
        check.width(),
        Words.positive(classes()),
        check.images(),
        100 * check.meanDifference(),
        check.correlation());
  }

  private String intendedUse() {
    if (!DatasetProfile.of(classes()).hasSlices()) {
      return """
      An image goes in, the probability of %s comes out. Meant for trying out, benchmarking and
      teaching the way from images to a deployed classifier on the JVM. Out of scope: patients, and
      images of other kinds than those it was trained on.
      """
          .formatted(classes().positive());
    }
    return origin == ImageOrigin.PHANTOMS
        ? """
        For trying out the way from images to a deployed classifier on the JVM. It was trained on
        drawings: what it says about an X-ray means nothing.
        """
        : """
        A frontal chest X-ray goes in, the probability of pneumonia comes out. Meant for trying out,
        benchmarking and teaching the way from images to a deployed classifier on the JVM. Out of
        scope: patients, other findings than pneumonia, other views or modalities, and comparing
        hospitals.
        """;
  }

  private String frontMatter(Evaluation test, Evaluation.AtThreshold decided) {
    StringBuilder text = new StringBuilder();
    text.append(
        """
        ---
        license: apache-2.0
        library_name: tflite
        pipeline_tag: image-classification
        """);
    if (origin == ImageOrigin.KERMANY_2018) {
      // The same archive on the Hugging Face Hub.
      text.append("datasets:\n- ").append(KERMANY_ON_HUB).append('\n');
    }
    text.append(
        String.format(
            Locale.ROOT,
            """
            tags:
            - %s
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
            tags(),
            training.backbone(),
            name,
            switch (origin) {
              case KERMANY_2018 -> "Chest X-Ray Images (Pneumonia)";
              case PHANTOMS -> "drawn phantoms, not medical data";
              case UNKNOWN -> "images " + dataset.fingerprint().substring(0, 12);
            },
            origin == ImageOrigin.KERMANY_2018 ? KERMANY_ON_HUB : "image-folder"));
    CardText.metric(text, "roc_auc", "AUC", test.auc());
    CardText.metric(text, "accuracy", "accuracy", decided.accuracy());
    CardText.metric(text, "recall", "sensitivity", decided.sensitivity());
    CardText.metric(text, "specificity", "specificity", decided.specificity());
    CardText.metric(text, "precision", "precision", decided.precision());
    CardText.metric(text, "f1", "F1", decided.f1());
    return text.append("---\n\n").toString();
  }

  private String tags() {
    if (!DatasetProfile.of(classes()).hasSlices()) {
      return "deepxray";
    }
    return (origin == ImageOrigin.PHANTOMS ? "demonstration" : "chest-x-ray") + "\n- pneumonia";
  }

  private String metricsTable(Evaluation test) {
    StringBuilder text = new StringBuilder();
    text.append("| metric | value |\n|---|---|\n");
    text.append("| AUC | ").append(test.auc()).append(" |\n");
    text.append("| Brier score | ").append(test.brier()).append(" |\n");
    text.append("| log loss | ").append(test.logLoss()).append(" |\n");
    text.append("| expected calibration error | ")
        .append(test.expectedCalibrationError())
        .append(" |\n\n");
    text.append("| threshold | value | accuracy | sensitivity | specificity | precision | F1 |\n");
    text.append("|---|---|---|---|---|---|---|\n");
    for (String threshold : metrics.thresholds().byName().keySet()) {
      Evaluation.AtThreshold at = test.thresholds().get(threshold);
      text.append(
          String.format(
              Locale.ROOT,
              "| %s | %.4f | %s | %s | %s | %s | %s |%n",
              threshold,
              at.threshold(),
              at.accuracy(),
              at.sensitivity(),
              at.specificity(),
              at.precision(),
              at.f1()));
    }
    text.append(
        """

        `validation` is the recommended one. `prior`, where it differs from 0.5, corrects for the share
        of %s that the training saw.
        """
            .formatted(Words.positive(classes())));
    if (metrics.slices().getOrDefault(Split.TEST.key(), Map.of()).isEmpty()) {
      return text.toString();
    }
    text.append("\n| slice of the test split | images | AUC against all normal | found |\n");
    text.append("|---|---:|---|---|\n");
    metrics
        .slices()
        .getOrDefault(Split.TEST.key(), Map.of())
        .forEach(
            (slice, e) -> {
              Evaluation.AtThreshold at = e.thresholds().get(DecisionThresholds.DEFAULT);
              boolean normal = e.positives() == 0;
              text.append(
                  String.format(
                      Locale.ROOT,
                      "| %s | %d | %s | %s %s |%n",
                      slice,
                      normal ? e.images() : e.positives(),
                      e.auc(),
                      normal ? "specificity" : "sensitivity",
                      normal ? at.specificity() : at.sensitivity()));
            });
    return text.toString();
  }
}
