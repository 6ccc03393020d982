package io.github.deepxray.export;

import io.github.deepxray.core.bundle.ArtifactReport;
import io.github.deepxray.core.bundle.Bundle;
import io.github.deepxray.core.metrics.MulticlassEvaluation;
import io.github.deepxray.datasets.ClassNames;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.optimize.GradCam;
import io.github.deepxray.train.MulticlassReport;
import io.github.deepxray.train.TrainedModel;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** The model card of a bundle whose classifier tells more than two classes apart. */
record MulticlassCard(
    String name,
    String purpose,
    ImageOrigin origin,
    TrainedModel.Description training,
    MulticlassReport metrics,
    PreparedDataset dataset,
    List<ArtifactReport> artifacts,
    Optional<HeatMapCheck> explained) {
  private ClassNames classes() {
    return metrics.classes();
  }

  String render() {
    Statements statements = new Statements(origin, classes(), training);
    MulticlassEvaluation test = metrics.test();
    StringBuilder text = new StringBuilder(frontMatter(test));
    text.append("# ").append(name).append("\n\n").append(purpose).append("\n\n");
    text.append(CardText.WARNING);
    text.append(
        String.format(
            Locale.ROOT,
            """

        ## Intended use

        An image goes in, the probability of each of %d classes comes out. Meant for trying out,
        benchmarking and teaching the way from images to a deployed classifier on the JVM. Out of
        scope: patients, and images of other kinds than those it was trained on.

        ## Input and output

        - Input `images`: RGB `[N, %2$d, %2$d, 3]`, 0..255, as 32-bit floats unless the table says
          otherwise. Normalization is part of the model. Images of another size are stretched to
          %2$d x %2$d with an antialiased triangle filter and rounded to 8 bits. The SavedModel
          signature `serving_bytes` takes JPEG or PNG files and does all of that itself, but knows no
          orientation tags, transparency or damage.
        - Output `probabilities` `[N, %1$d]`: the probability of each class, in the order of
          `labels.txt`: %3$s.
        - Decide for the class with the greatest probability. There is no threshold.

        ## Files

        | file | form | weights | not zero | bytes | gzip | zip | test macro AUC | accuracy | gate |
        |---|---|---:|---:|---:|---:|---:|---|---|---|
        """,
            classes().size(),
            training.imageSize(),
            String.join(", ", classes().list())));
    artifacts.forEach(artifact -> text.append(CardText.row(artifact)));
    text.append(CardText.gate(artifacts, "macro AUC"));
    explained.ifPresent(check -> text.append(explanation(check)));
    text.append("\n## Data\n\n").append(statements.data());
    text.append(CardText.audit(dataset.manifest().audit()));
    line(text, "| split | images | %s |", String.join(" | ", classes().list()));
    line(text, "|---|---:|%s", "---:|".repeat(classes().size()));
    for (Split split : Split.values()) {
      dataset.manifest().splits().stream()
          .filter(s -> s.split() == split)
          .forEach(
              s ->
                  line(
                      text,
                      "| %s | %,d | %s |",
                      split.key(),
                      s.images(),
                      classes().labels().stream()
                          .map(l -> CardText.count(s.labels().getOrDefault(l, 0)))
                          .collect(Collectors.joining(" | "))));
    }
    text.append(CardText.training(training, statements.backboneHistory()));
    text.append(
        """
         Each class is measured against all others; macro means
        the mean over the classes.

        """);
    metrics(text, test);
    text.append("\n## Limits\n\n").append(statements.limits());
    return text.toString();
  }

  private void metrics(StringBuilder text, MulticlassEvaluation test) {
    line(text, "| metric | value |");
    line(text, "|---|---|");
    line(text, "| macro AUC | %s |", test.macroAuc());
    line(text, "| accuracy | %s |", test.accuracy());
    line(text, "| balanced accuracy | %s |", test.balancedAccuracy());
    line(text, "| macro F1 | %s |", test.macroF1());
    line(text, "| log loss | %s |", test.logLoss());
    text.append('\n');
    line(text, "| class | images | AUC | sensitivity | specificity | precision | F1 |");
    line(text, "|---|---:|---|---|---|---|---|");
    for (Label label : classes().labels()) {
      MulticlassEvaluation.OfClass c = test.classes().get(label.index());
      line(
          text,
          "| %s | %,d | %s | %s | %s | %s | %s |",
          classes().of(label),
          c.images(),
          c.auc(),
          c.sensitivity(),
          c.specificity(),
          c.precision(),
          c.f1());
    }
    text.append("\nOf each class, the row, so many test images are decided to be each class:\n\n");
    line(text, "| | %s |", String.join(" | ", classes().list()));
    line(text, "|---|%s", "---:|".repeat(classes().size()));
    for (Label label : classes().labels()) {
      line(
          text,
          "| %s | %s |",
          classes().of(label),
          test.confusion().get(label.index()).stream()
              .map(CardText::count)
              .collect(Collectors.joining(" | ")));
    }
  }

  private static String explanation(HeatMapCheck check) {
    return String.format(
        Locale.ROOT,
        """

        `%s` (%,d bytes, 8-bit weights) gives `probabilities` and a second output `%s`
        `[%d, %d, 1]`: Grad-CAM (Selvaraju et al. 2017), where the image speaks for the most probable
        class, spread evenly over the whole image. On %d images of the test split its maps differ
        from those of the unquantized model by %.1f %% of the map's maximum on average, correlation
        %.3f. It shows what this model looked at; it does not show where a disease is.
        """,
        Bundle.EXPLAIN,
        check.bytes(),
        GradCam.HEAT_MAP,
        check.height(),
        check.width(),
        check.images(),
        100 * check.meanDifference(),
        check.correlation());
  }

  private String frontMatter(MulticlassEvaluation test) {
    StringBuilder text = new StringBuilder();
    text.append(
        """
        ---
        license: apache-2.0
        library_name: tflite
        pipeline_tag: image-classification
        tags:
        - deepxray
        - "%s"
        - tensorflow
        - tflite
        model-index:
        - name: "%s"
          results:
          - task:
              type: image-classification
            dataset:
              name: images %s
              type: image-folder
              split: test
            metrics:
        """
            .formatted(training.backbone(), name, dataset.fingerprint().substring(0, 12)));
    CardText.metric(text, "accuracy", "accuracy", test.accuracy());
    CardText.metric(text, "roc_auc", "macro AUC", test.macroAuc());
    CardText.metric(text, "f1", "macro F1", test.macroF1());
    return text.append("---\n\n").toString();
  }

  private static void line(StringBuilder text, String format, Object... arguments) {
    text.append(String.format(Locale.ROOT, format, arguments)).append('\n');
  }
}
