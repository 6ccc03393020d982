package io.github.deepxray.export;

import io.github.deepxray.core.Version;
import io.github.deepxray.core.metrics.Evaluation;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.train.DecisionThresholds;
import io.github.deepxray.train.MetricsReport;
import io.github.deepxray.train.TrainedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/**
 * The model card of a bundle (Mitchell et al. 2019) with the front matter that the Hugging Face Hub
 * reads.
 */
record ModelCard(
    String name,
    String purpose,
    TrainedModel.Description training,
    MetricsReport metrics,
    PreparedDataset dataset,
    Path bundle) {

  String render() throws IOException {
    Evaluation test = metrics.test();
    Evaluation.AtThreshold decided = test.thresholds().get(DecisionThresholds.DEFAULT);
    StringBuilder text = new StringBuilder();
    text.append(frontMatter(test, decided));
    text.append("# ").append(name).append("\n\n").append(purpose).append("\n\n");
    text.append(
        """
        > **Not a medical device.** This model was made for research and engineering. It has not been
        > reviewed or cleared for diagnosis, triage or any other clinical use, and must not be used
        > for it.

        ## Intended use

        A frontal chest X-ray goes in, the probability of pneumonia comes out. Meant for trying out,
        benchmarking and teaching the way from images to a deployed classifier on the JVM. Out of
        scope: patients, other findings than pneumonia, other views or modalities, and comparing
        hospitals.

        ## Input and output

        """);
    text.append(
        String.format(
            Locale.ROOT,
            """
            - Input `images`: RGB `[N, %1$d, %1$d, 3]`, 32-bit floats 0..255. Normalization is part of the
              model. Images of another size are stretched to %1$d x %1$d with an antialiased triangle
              filter and rounded to 8 bits. The SavedModel signature `serving_bytes` takes JPEG or PNG
              files and does all of that itself.
            - Output `probability` `[N, 1]`: the probability of pneumonia, 0..1.
            - Decide for pneumonia from **%2$.4f** on. The threshold is the largest that finds %3$.0f %% of
              the pneumonias in the validation split; the test split had no part in it.

            ## Files

            | file | bytes |
            |---|---:|
            """,
            training.imageSize(),
            decided.threshold(),
            100 * metrics.thresholds().targetSensitivity()));
    for (Artifact artifact : Artifact.values()) {
      Path file = bundle.resolve(artifact.path());
      String path = artifact.path();
      if (Files.isDirectory(file)) {
        file = file.resolve("saved_model.pb");
        path += "/saved_model.pb";
      }
      text.append(String.format(Locale.ROOT, "| `%s` | %,d |%n", path, Files.size(file)));
    }
    text.append("\n## Data\n\n");
    text.append(
        "Image data as audited in `dataset.json`. No patient and no identical image is on both sides"
            + " of a split.\n\n| split | images | with pneumonia |\n|---|---:|---:|\n");
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
    text.append(
        String.format(
            Locale.ROOT,
            """

            ## Training

            %s with weights %s, frozen; head `%s` trained for %d epochs with seed %d by deepxray %s.
            `provenance.json` has the hashes of weights and data and every option.

            ## Metrics

            On the test split, which nothing was chosen on. In brackets the 95 %% interval over %d
            bootstrap resamples of patients.

            """,
            training.backbone(),
            training.backboneSource(),
            training.head().name(),
            training.epochs(),
            training.seed(),
            Version.current(),
            Evaluation.RESAMPLES));
    text.append(metricsTable(test));
    text.append(
        """

        ## Limits

        - Training and test images may come from one hospital and one age group; how well the model
          does elsewhere is unknown and usually worse.
        - The test split differs from the validation split: validation metrics flatter.
        - Probabilities are trained with balanced classes and smoothed labels; they are not calibrated
          to any ward's prevalence.
        - The model sees what its images contain, text burnt into them and devices included, and may
          lean on it.
        - Only images whose labels were checked by few readers were used; labels are not perfect.
        """);
    return text.toString().replace("\r\n", "\n");
  }

  private String frontMatter(Evaluation test, Evaluation.AtThreshold decided) {
    return String.format(
        Locale.ROOT,
        """
        ---
        license: apache-2.0
        library_name: tflite
        pipeline_tag: image-classification
        tags:
        - chest-x-ray
        - pneumonia
        - %s
        - tensorflow
        model-index:
        - name: %s
          results:
          - task:
              type: image-classification
            dataset:
              name: test split of %s
              type: image-folder
              split: test
            metrics:
            - type: roc_auc
              value: %.4f
            - type: accuracy
              value: %.4f
            - type: recall
              name: sensitivity
              value: %.4f
            - type: specificity
              value: %.4f
        ---

        """,
        training.backbone(),
        name,
        dataset.fingerprint().substring(0, 12),
        test.auc().value(),
        decided.accuracy().value(),
        decided.sensitivity().value(),
        decided.specificity().value());
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
    text.append("| threshold | accuracy | sensitivity | specificity | precision | F1 |\n");
    text.append("|---|---|---|---|---|---|\n");
    for (Map.Entry<String, Evaluation.AtThreshold> entry : test.thresholds().entrySet()) {
      Evaluation.AtThreshold at = entry.getValue();
      text.append(
          String.format(
              Locale.ROOT,
              "| %s: %.4f | %s | %s | %s | %s | %s |%n",
              entry.getKey(),
              at.threshold(),
              at.accuracy(),
              at.sensitivity(),
              at.specificity(),
              at.precision(),
              at.f1()));
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
