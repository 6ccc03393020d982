package io.github.deepxray.export;

import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.ArtifactReport;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.classify.Explainer;
import io.github.deepxray.classify.FileSizes;
import io.github.deepxray.classify.Limits;
import io.github.deepxray.classify.Verdict;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.Version;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.metrics.Decision;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Sparsity;
import io.github.deepxray.datasets.DatasetProfile;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.datasets.internal.tfrecord.TfRecordWriter;
import io.github.deepxray.keras.internal.KerasArchive;
import io.github.deepxray.optimize.GradCam;
import io.github.deepxray.optimize.Passes;
import io.github.deepxray.optimize.WeightOnlyQuantization;
import io.github.deepxray.report.internal.BundleRecords;
import io.github.deepxray.report.internal.BundleReport;
import io.github.deepxray.report.internal.ClassVocabulary;
import io.github.deepxray.report.internal.HeatMapCheck;
import io.github.deepxray.report.internal.LayerReportPage;
import io.github.deepxray.report.internal.ModelCard;
import io.github.deepxray.report.internal.Picture;
import io.github.deepxray.report.internal.Provenance;
import io.github.deepxray.report.internal.ReportExtras;
import io.github.deepxray.report.internal.ReportPictures;
import io.github.deepxray.tensorflow.internal.SavedModelWriter;
import io.github.deepxray.tensorflow.internal.ServingWarmup;
import io.github.deepxray.tensorflow.internal.TensorFlowEngineFactory;
import io.github.deepxray.tflite.internal.TfLiteEngineFactory;
import io.github.deepxray.tflite.internal.TfLiteMetadata;
import io.github.deepxray.tflite.internal.TfLiteWriter;
import io.github.deepxray.train.ModelMetrics;
import io.github.deepxray.train.Predictions;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.internal.head.HeadNetworks;
import io.github.deepxray.train.internal.quantize.QuantizedForms;
import io.github.deepxray.train.stage.Context;
import io.github.deepxray.train.stage.HistoryFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/** Writes bundles. */
public final class BundleWriter {
  private static final String FLOAT32_FORM = "32-bit float weights";
  private static final String DYNAMIC_FORM = "8-bit weights, float activations";
  private static final String EXPLAINING_FORM = "8-bit weights, float activations, with a heat map";

  private final ModelPurpose purpose;
  private final Map<String, String> config;
  private final BundleSpec options;
  private final Context context;

  /**
   * Prepares to write.
   *
   * @param purpose what the bundle says of its model
   * @param config the effective options, for the provenance
   * @param options how to write
   * @param context the surroundings that the gate runs in
   */
  public BundleWriter(
      ModelPurpose purpose, Map<String, String> config, BundleSpec options, Context context) {
    this.purpose = purpose;
    this.config = Map.copyOf(config);
    this.options = options;
    this.context = context;
  }

  /**
   * Writes a bundle; what was in its place is replaced as a whole. The gate runs every artifact on
   * the validation and the test split and says in {@code artifacts.json} which it blesses; one that
   * is refused is in the bundle all the same, for whoever wants to know why.
   *
   * @param model the trained classifier
   * @param dataset what it was trained and evaluated on
   * @param evaluation the folder with {@code metrics.json} and the predictions
   * @param quantized the folder with {@code quantized.json} and its files; may be missing
   * @param trainings the folders of the trainings that led to the classifier; their histories go
   *     into the bundle under the folders' names
   * @param folder the bundle
   * @throws io.github.deepxray.core.DeepXrayException if the evaluation is missing or damaged, or
   *     another program changes the folder meanwhile
   * @throws IOException if something cannot be read or written
   */
  public Bundle write(
      TrainedModel model,
      PreparedDataset dataset,
      Path evaluation,
      Path quantized,
      List<Path> trainings,
      Path folder)
      throws IOException {
    ModelMetrics metrics = evaluated(evaluation, model, dataset);
    String weights = model.model().weights().sha256();
    List<QuantizedForms.Form> forms = QuantizedForms.read(quantized, weights);
    DatasetProfile profile = dataset.manifest().profile();
    Model folded = Passes.forInference().apply(model.model());
    Provenance provenance =
        new Provenance(
            Provenance.FORMAT,
            Json.tree(dataset.manifest().source()),
            dataset.fingerprint(),
            model.description(),
            weights,
            config,
            Provenance.versions(
                Map.of(
                    "tensorflow", new TensorFlowEngineFactory().version(),
                    "tensorflow-lite", new TfLiteEngineFactory().version())),
            Provenance.thisHost());
    TfLiteWriter.Options tflite = tfLiteOptions();
    AtomicFiles.requireOwn(folder, Bundle.CHECKSUMS);
    AtomicFiles.writeFolder(
        folder,
        partial -> {
          Path savedModel = partial.resolve(Bundle.SAVED_MODEL);
          SavedModelWriter.write(savedModel, folded);
          writeWarmup(savedModel.resolve(ServingWarmup.FILE), folded);
          writeFloat32(folded, profile, partial.resolve(Bundle.TFLITE_FLOAT32));
          Model dynamic = Passes.dynamicRange().apply(model.model());
          writeTfLite(
              partial.resolve(Bundle.TFLITE_DYNAMIC),
              TfLiteWriter.toBytes(dynamic, tflite),
              metadata(profile, DYNAMIC_FORM, List.of()));
          Optional<HeatMapCheck> explained = Optional.empty();
          if (options.explain()) {
            Model explaining = Passes.explaining().apply(model.model());
            Path file = partial.resolve(Bundle.EXPLAIN);
            writeTfLite(
                file,
                TfLiteWriter.toBytes(
                    new WeightOnlyQuantization(Set.of()).apply(explaining), tflite),
                metadata(profile, EXPLAINING_FORM, List.of(heatMap(profile))));
            explained = Optional.of(HeatMapComparison.of(file, explaining, dataset));
          }
          if (options.keras()) {
            KerasArchive.write(partial.resolve(Bundle.KERAS), model.model());
          }
          for (QuantizedForms.Form form : forms) {
            writeTfLite(
                partial.resolve(Artifact.of(form.artifact()).path()),
                Files.readAllBytes(quantized.resolve(form.file())),
                metadata(profile, form.description(), List.of()));
            for (String report : form.reports()) {
              Path copy = partial.resolve(Bundle.REPORTS).resolve(report);
              Files.createDirectories(copy.getParent());
              Files.copy(quantized.resolve(report), copy);
              LayerReportPage.drawBeside(copy);
            }
          }
          AtomicFiles.write(
              partial.resolve(Bundle.LABELS), String.join("\n", profile.classes().list()) + "\n");
          for (Split split : List.of(Split.VALIDATION, Split.TEST)) {
            String file = Predictions.fileName(split.key());
            Files.copy(evaluation.resolve(file), partial.resolve(file));
          }
          for (Path training : trainings) {
            Path history = training.resolve(HistoryFile.NAME);
            if (Files.isRegularFile(history)) {
              Files.copy(
                  history,
                  partial.resolve(BundleReport.historyFile(training.getFileName().toString())));
            }
          }
          Files.copy(evaluation.resolve(ModelMetrics.FILE), partial.resolve(ModelMetrics.FILE));
          Files.copy(
              dataset.folder().resolve(PreparedDataset.MANIFEST),
              partial.resolve(PreparedDataset.MANIFEST));
          Json.write(partial.resolve(Provenance.FILE), provenance);
          Map<Artifact, Sparsity.Count> counts =
              Map.of(
                  Artifact.SAVED_MODEL, Sparsity.of(folded).total(),
                  Artifact.FLOAT32, Sparsity.of(folded).total(),
                  Artifact.DYNAMIC, Sparsity.of(dynamic).total());
          List<ArtifactReport> reports =
              judge(new Bundle(partial), dataset, metrics, counts, forms);
          ArtifactReport.write(partial.resolve(ArtifactReport.FILE), reports);
          AtomicFiles.write(
              partial.resolve(Bundle.MODEL_CARD),
              card(model.description(), metrics, dataset, reports, explained));
          Json.write(
              partial.resolve(ReportExtras.FILE),
              extras(new Bundle(partial), dataset, metrics, explained));
          AtomicFiles.write(
              partial.resolve(BundleReport.FILE), BundleReport.of(new Bundle(partial)).html());
          requireWhole(new Bundle(partial), folder, reports, forms);
          AtomicFiles.write(partial.resolve(Bundle.CHECKSUMS), Bundle.checksums(partial));
        });
    return new Bundle(folder);
  }

  /** Checks that the models are those that were to be written, and that each was judged. */
  private void requireWhole(
      Bundle bundle, Path folder, List<ArtifactReport> reports, List<QuantizedForms.Form> forms) {
    Set<String> wanted = new HashSet<>();
    for (Artifact artifact : List.of(Artifact.SAVED_MODEL, Artifact.FLOAT32, Artifact.DYNAMIC)) {
      wanted.add(artifact.key());
    }
    forms.forEach(form -> wanted.add(form.artifact()));
    List<String> written = Artifact.in(bundle).stream().map(Artifact::key).toList();
    List<String> judged = reports.stream().map(ArtifactReport::artifact).toList();
    if (!wanted.equals(Set.copyOf(written))
        || !written.equals(judged)
        || Files.exists(bundle.folder().resolve(Bundle.EXPLAIN)) != options.explain()
        || Files.exists(bundle.folder().resolve(Bundle.KERAS)) != options.keras()) {
      throw new DeepXrayException(
          folder + " was changed by another program while it was written; run the command again.");
    }
  }

  private TfLiteWriter.Options tfLiteOptions() {
    return TfLiteWriter.Options.DEFAULT.withSparse(options.sparse());
  }

  /** Writes a classifier as bundles have it in {@link Bundle#TFLITE_FLOAT32}. */
  public void writeFloat32(TrainedModel model, DatasetProfile profile, Path file)
      throws IOException {
    writeFloat32(Passes.forInference().apply(model.model()), profile, file);
  }

  private void writeFloat32(Model folded, DatasetProfile profile, Path file) throws IOException {
    writeTfLite(
        file,
        TfLiteWriter.toBytes(folded, tfLiteOptions()),
        metadata(profile, FLOAT32_FORM, List.of()));
  }

  private String card(
      TrainedModel.Description training,
      ModelMetrics metrics,
      PreparedDataset dataset,
      List<ArtifactReport> reports,
      Optional<HeatMapCheck> explained)
      throws IOException {
    return new ModelCard(
            purpose.name(),
            purpose.purpose(),
            purpose.origin(),
            training,
            metrics,
            dataset,
            reports,
            explained)
        .render();
  }

  private ReportExtras extras(
      Bundle bundle,
      PreparedDataset dataset,
      ModelMetrics metrics,
      Optional<HeatMapCheck> explained)
      throws IOException {
    return new ReportExtras(
        ReportExtras.FORMAT,
        purpose.name(),
        purpose.purpose(),
        purpose.origin(),
        explained,
        options.pictures() ? ReportPictures.samples(dataset) : List.of(),
        options.pictures() ? mistakes(bundle, dataset, metrics) : List.of());
  }

  private List<Picture> mistakes(Bundle bundle, PreparedDataset dataset, ModelMetrics metrics)
      throws IOException {
    Predictions test = new BundleRecords(bundle).predictions(Split.TEST.key(), metrics);
    Decision decision = metrics.decision().decision();
    if (!options.explain()) {
      return ReportPictures.mistakes(dataset, test, decision);
    }
    Path model = bundle.folder().resolve(Bundle.EXPLAIN);
    try (Explainer explainer = Explainer.open(model)) {
      return ReportPictures.mistakes(dataset, test, decision, explainer);
    }
  }

  private List<ArtifactReport> judge(
      Bundle bundle,
      PreparedDataset dataset,
      ModelMetrics metrics,
      Map<Artifact, Sparsity.Count> counts,
      List<QuantizedForms.Form> forms)
      throws IOException {
    Decision trained = metrics.decision().decision();
    ArtifactChecker checker =
        new ArtifactChecker(bundle, dataset, metrics, context.cores(), context.progress());
    List<ArtifactReport> reports = new ArrayList<>();
    for (Artifact artifact : Artifact.in(bundle)) {
      Optional<QuantizedForms.Form> form =
          forms.stream().filter(f -> f.artifact().equals(artifact.key())).findFirst();
      OptionalDouble threshold =
          form.map(QuantizedForms.Form::threshold).orElse(trained.threshold());
      Limits limits = options.limits(artifact);
      Verdict verdict =
          checker
              .check(
                  artifact, Decision.by(threshold), limits, List.of(Split.VALIDATION, Split.TEST))
              .verdict();
      reports.add(
          new ArtifactReport(
              artifact.key(),
              artifact.path(),
              form.map(QuantizedForms.Form::description).orElse(description(artifact)),
              threshold,
              FileSizes.of(bundle.folder().resolve(artifact.path())),
              form.map(QuantizedForms.Form::weights)
                  .orElse(Optional.ofNullable(counts.get(artifact))),
              limits,
              verdict));
    }
    return reports;
  }

  private static String description(Artifact artifact) {
    return artifact.equals(Artifact.DYNAMIC) ? DYNAMIC_FORM : FLOAT32_FORM;
  }

  /** The metrics, if they are those of this classifier on this data set and no older ones. */
  private static ModelMetrics evaluated(
      Path evaluation, TrainedModel model, PreparedDataset dataset) throws IOException {
    Path file = evaluation.resolve(ModelMetrics.FILE);
    if (!Files.isRegularFile(file)) {
      throw new DeepXrayException(
          "There is no " + file + "; run the evaluate command before export.");
    }
    ModelMetrics metrics = ModelMetrics.read(file);
    if (!metrics.model().equals(model.model().weights().sha256())
        || !metrics.decision().equals(model.description().decision())
        || !metrics.dataset().equals(dataset.fingerprint())) {
      throw new DeepXrayException(
          file
              + " belongs to another model or data set than those to export; run the evaluate"
              + " command again.");
    }
    return metrics;
  }

  private void writeWarmup(Path file, Model model) throws IOException {
    AtomicFiles.write(
        file,
        out -> {
          TfRecordWriter writer = new TfRecordWriter(out);
          for (byte[] request : ServingWarmup.requests(purpose.name(), model.network())) {
            writer.write(request);
          }
        });
  }

  private static void writeTfLite(Path file, byte[] bytes, TfLiteMetadata metadata)
      throws IOException {
    AtomicFiles.write(file, metadata.addTo(bytes));
  }

  private static TfLiteMetadata.Feature heatMap(DatasetProfile profile) {
    return new TfLiteMetadata.Feature(
        GradCam.HEAT_MAP,
        "Where the image speaks for "
            + new ClassVocabulary(profile).explained()
            + ": Grad-CAM (Selvaraju et al. 2017), spread evenly over the whole image, in units of"
            + " the logit.");
  }

  private TfLiteMetadata metadata(
      DatasetProfile profile, String form, List<TfLiteMetadata.Feature> others) {
    return new TfLiteMetadata(
        purpose.name(),
        purpose.purpose() + " " + form + ". Not a medical device.",
        Version.current(),
        "deepxray",
        "Apache-2.0",
        TfLiteMetadata.Input.pixels(
            ClassVocabulary.capitalized(profile.image()) + " as RGB, 0..255."),
        new TfLiteMetadata.Output(
            HeadNetworks.output(profile.classes().size()),
            "The probability of " + new ClassVocabulary(profile).scored() + ".",
            profile.classes().list()),
        others);
  }
}
