package io.github.deepxray.export;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.Version;
import io.github.deepxray.core.io.AtomicFiles;
import io.github.deepxray.core.io.Json;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.datasets.tfrecord.TfRecordWriter;
import io.github.deepxray.optimize.Passes;
import io.github.deepxray.tensorflow.SavedModelWriter;
import io.github.deepxray.tensorflow.ServingWarmup;
import io.github.deepxray.tensorflow.TensorFlowEngineFactory;
import io.github.deepxray.tflite.TfLiteEngineFactory;
import io.github.deepxray.tflite.TfLiteMetadata;
import io.github.deepxray.tflite.TfLiteWriter;
import io.github.deepxray.train.MetricsReport;
import io.github.deepxray.train.Predictions;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.head.HeadNetworks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Writes bundles. */
public final class BundleWriter {
  private final String name;
  private final String purpose;
  private final ImageOrigin origin;
  private final Map<String, String> config;

  /**
   * Prepares to write.
   *
   * @param name what to call the model, for TensorFlow Serving and in the model card
   * @param purpose a sentence for the model card that says what the model does
   * @param origin where the images come from
   * @param config the effective options, for the provenance
   */
  public BundleWriter(String name, String purpose, ImageOrigin origin, Map<String, String> config) {
    this.name = name;
    this.purpose = purpose;
    this.origin = origin;
    this.config = Map.copyOf(config);
  }

  /**
   * Writes a bundle; what was in its place is replaced as a whole.
   *
   * @param model the trained classifier
   * @param dataset what it was trained and evaluated on
   * @param evaluation the folder with {@code metrics.json} and the predictions
   * @param folder the bundle
   * @throws io.github.deepxray.core.DeepXrayException if the evaluation is missing or damaged
   * @throws IOException if something cannot be read or written
   */
  public Bundle write(TrainedModel model, PreparedDataset dataset, Path evaluation, Path folder)
      throws IOException {
    MetricsReport metrics = evaluated(evaluation, model, dataset);
    Model folded = Passes.forInference().apply(model.model());
    Provenance provenance =
        new Provenance(
            Provenance.FORMAT,
            Json.tree(dataset.manifest().source()),
            dataset.fingerprint(),
            model.description(),
            model.model().weights().sha256(),
            config,
            Provenance.versions(
                Map.of(
                    "tensorflow", new TensorFlowEngineFactory().version(),
                    "tensorflow-lite", new TfLiteEngineFactory().version())),
            Provenance.thisHost());
    AtomicFiles.requireOwn(folder, Bundle.CHECKSUMS);
    AtomicFiles.writeFolder(
        folder,
        partial -> {
          Path savedModel = partial.resolve(Bundle.SAVED_MODEL);
          SavedModelWriter.write(savedModel, folded);
          writeWarmup(savedModel.resolve(ServingWarmup.FILE), folded);
          writeTfLite(partial.resolve(Bundle.TFLITE_FLOAT32), folded, "32-bit float weights");
          writeTfLite(
              partial.resolve(Bundle.TFLITE_DYNAMIC),
              Passes.dynamicRange().apply(model.model()),
              "8-bit weights, float activations");
          AtomicFiles.write(partial.resolve(Bundle.LABELS), String.join("\n", labels()) + "\n");
          for (Split split : List.of(Split.VALIDATION, Split.TEST)) {
            String file = Predictions.fileName(split.key());
            Files.copy(evaluation.resolve(file), partial.resolve(file));
          }
          Files.copy(evaluation.resolve(MetricsReport.FILE), partial.resolve(MetricsReport.FILE));
          Files.copy(
              dataset.folder().resolve(PreparedDataset.MANIFEST),
              partial.resolve(PreparedDataset.MANIFEST));
          Json.write(partial.resolve(Provenance.FILE), provenance);
          AtomicFiles.write(
              partial.resolve(Bundle.MODEL_CARD),
              new ModelCard(name, purpose, origin, model.description(), metrics, dataset, partial)
                  .render());
          AtomicFiles.write(partial.resolve(Bundle.CHECKSUMS), Bundle.checksums(partial));
        });
    return new Bundle(folder);
  }

  /** The metrics, if they are those of this classifier on this data set and no older ones. */
  private static MetricsReport evaluated(
      Path evaluation, TrainedModel model, PreparedDataset dataset) throws IOException {
    Path file = evaluation.resolve(MetricsReport.FILE);
    if (!Files.isRegularFile(file)) {
      throw new DeepXrayException(
          "There is no " + file + "; run the evaluate command before export.");
    }
    MetricsReport metrics = Json.read(file, MetricsReport.class);
    if (!metrics.model().equals(model.model().weights().sha256())
        || !metrics.thresholds().equals(model.description().thresholds())
        || !metrics.dataset().equals(dataset.fingerprint())) {
      throw new DeepXrayException(
          file
              + " belongs to another model or data set than those to export; run the evaluate"
              + " command again.");
    }
    return metrics;
  }

  private static List<String> labels() {
    return Arrays.stream(Label.values()).map(Label::name).toList();
  }

  private void writeWarmup(Path file, Model model) throws IOException {
    AtomicFiles.write(
        file,
        out -> {
          TfRecordWriter writer = new TfRecordWriter(out);
          for (byte[] request : ServingWarmup.requests(name, model.network())) {
            writer.write(request);
          }
        });
  }

  private void writeTfLite(Path file, Model model, String form) throws IOException {
    byte[] bytes = TfLiteWriter.toBytes(model);
    TfLiteMetadata metadata =
        new TfLiteMetadata(
            name,
            purpose + " " + form + ". Not a medical device.",
            Version.current(),
            "deepxray",
            "Apache-2.0",
            TfLiteMetadata.Input.pixels("A frontal chest X-ray as RGB, 0..255."),
            new TfLiteMetadata.Output(
                HeadNetworks.OUTPUT, "The probability of pneumonia.", labels()));
    AtomicFiles.write(file, metadata.addTo(bytes));
  }
}
