package io.github.deepxray.export.internal;

import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.ArtifactReport;
import io.github.deepxray.classify.ArtifactReport.FileSizes;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.classify.Explainer;
import io.github.deepxray.classify.GateLimits;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.metrics.Decision;
import io.github.deepxray.datasets.DatasetProfile;
import io.github.deepxray.datasets.InputStatistics;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.SeenImages;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.export.BundleSpec;
import io.github.deepxray.export.ModelPurpose;
import io.github.deepxray.keras.internal.KerasArchive;
import io.github.deepxray.report.internal.BundleRecords;
import io.github.deepxray.report.internal.BundleReport;
import io.github.deepxray.report.internal.HeatMapCheck;
import io.github.deepxray.report.internal.LayerReportPage;
import io.github.deepxray.report.internal.ModelCard;
import io.github.deepxray.report.internal.Picture;
import io.github.deepxray.report.internal.Provenance;
import io.github.deepxray.report.internal.ReportExtras;
import io.github.deepxray.report.internal.ReportPictures;
import io.github.deepxray.tensorflow.internal.TensorFlowEngineFactory;
import io.github.deepxray.tflite.internal.TfLiteEngineFactory;
import io.github.deepxray.train.InputGuard;
import io.github.deepxray.train.ModelMetrics;
import io.github.deepxray.train.Predictions;
import io.github.deepxray.train.QuantizedForms;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.internal.stage.HistoryFile;
import io.github.deepxray.train.stage.Context;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/** Writer of bundles. */
public final class BundleWriter {
  private final ModelPurpose purpose;
  private final Map<String, String> config;
  private final BundleSpec options;
  private final Context context;

  /**
   * Creates a writer.
   *
   * @param purpose name and purpose of the model
   * @param config effective options, for the provenance
   * @param options options of the bundle
   * @param context execution context of the gate
   */
  public BundleWriter(
      ModelPurpose purpose, Map<String, String> config, BundleSpec options, Context context) {
    this.purpose = purpose;
    this.config = Map.copyOf(config);
    this.options = options;
    this.context = context;
  }

  /**
   * Folders of the stages with the inputs of a bundle.
   *
   * @param evaluation folder with {@code metrics.json} and the predictions
   * @param quantized folder with {@code quantized.json} and its files; may be missing
   * @param trainings folders of the training stages; their histories are copied into the bundle
   *     under the folders' names
   */
  public record Stages(Path evaluation, Path quantized, List<Path> trainings) {
    /** Copies the list. */
    public Stages {
      trainings = List.copyOf(trainings);
    }
  }

  /**
   * Writes a bundle; an existing folder is replaced as a whole. The gate runs each artifact on the
   * validation and the test split and writes its verdicts to {@code artifacts.json}; refused
   * artifacts stay in the bundle for analysis.
   *
   * @param model the trained classifier
   * @param guard input guard of the classifier, part of each form
   * @param dataset data set of its training and evaluation
   * @param stages folders of the stages
   * @param folder folder of the bundle
   * @throws io.github.deepxray.core.DeepXrayException if the evaluation is missing or damaged, or
   *     another program changes the folder meanwhile
   * @throws IOException if something cannot be read or written
   */
  public Bundle write(
      TrainedModel model, InputGuard guard, PreparedDataset dataset, Stages stages, Path folder)
      throws IOException {
    Source source =
        new Source(
            model,
            guard,
            dataset,
            stages,
            evaluated(stages.evaluation, model, dataset),
            QuantizedForms.read(stages.quantized, model.model().weights().sha256(), guard));
    FormWriter writer = writer(model, guard, dataset.manifest().profile());
    AtomicFiles.requireOwn(folder, Bundle.CHECKSUMS);
    AtomicFiles.writeFolder(
        folder,
        partial -> {
          Bundle bundle = new Bundle(partial);
          Map<String, QuantizedForms.Form> forms = writeForms(source, writer, partial);
          Optional<HeatMapCheck> explained =
              options.explain() ? writer.explain(dataset, partial) : Optional.empty();
          writeRecords(source, partial);
          List<ArtifactReport> reports = judge(source, bundle, forms);
          ArtifactReport.write(
              partial.resolve(ArtifactReport.FILE),
              new ArtifactReport.All(
                  model.description().fit(),
                  model.description().calibration().prevalence(),
                  reports));
          writePages(source, bundle, reports, explained);
          if (!isWhole(bundle, forms.keySet(), reports, explained.isPresent())) {
            throw new DeepXrayException(
                folder
                    + " was changed by another program while it was written; run the command"
                    + " again.");
          }
          AtomicFiles.write(partial.resolve(Bundle.CHECKSUMS), Bundle.checksums(partial));
        });
    return new Bundle(folder);
  }

  /** Inputs of a bundle. */
  private record Source(
      TrainedModel model,
      InputGuard guard,
      PreparedDataset dataset,
      Stages stages,
      ModelMetrics metrics,
      List<QuantizedForms.Form> forms) {}

  private FormWriter writer(TrainedModel model, InputGuard guard, DatasetProfile profile) {
    return new FormWriter(purpose, options, model, guard, profile);
  }

  /** Writes the {@link Bundle#TFLITE_FLOAT32} file of a classifier, without input guard. */
  public void writeFloat32(TrainedModel model, DatasetProfile profile, Path file)
      throws IOException {
    writer(model, InputGuard.NONE, profile).writeFloat32(file);
  }

  /** Writes the models for the gate, and the one for Keras; returns the forms by artifact name. */
  private Map<String, QuantizedForms.Form> writeForms(Source source, FormWriter writer, Path folder)
      throws IOException {
    Map<String, QuantizedForms.Form> forms = new LinkedHashMap<>();
    writer.write(folder).forEach(form -> forms.put(form.artifact(), form));
    if (options.keras()) {
      KerasArchive.write(folder.resolve(Bundle.KERAS), source.model.model());
    }
    for (QuantizedForms.Form form : source.forms) {
      if (writer.takes(form)) {
        writer.copy(form, source.stages.quantized, folder);
        copyReports(form, source.stages.quantized, folder);
        forms.put(form.artifact(), form);
      }
    }
    return forms;
  }

  private static void copyReports(QuantizedForms.Form form, Path quantized, Path folder)
      throws IOException {
    for (String report : form.reports()) {
      Path copy = folder.resolve(Bundle.REPORTS).resolve(report);
      Files.createDirectories(copy.getParent());
      Files.copy(quantized.resolve(report), copy);
      LayerReportPage.drawBeside(copy);
    }
  }

  /** Writes the records of the classifier that do not depend on the gate. */
  private void writeRecords(Source source, Path folder) throws IOException {
    PreparedDataset dataset = source.dataset;
    AtomicFiles.write(
        folder.resolve(Bundle.LABELS),
        String.join("\n", dataset.manifest().profile().classes().list()) + "\n");
    for (Split split : List.of(Split.VALIDATION, Split.TEST)) {
      String file = Predictions.fileName(split.key());
      Files.copy(source.stages.evaluation.resolve(file), folder.resolve(file));
    }
    for (Path training : source.stages.trainings) {
      Path history = training.resolve(HistoryFile.NAME);
      if (Files.isRegularFile(history)) {
        Files.copy(
            history, folder.resolve(BundleReport.historyFile(training.getFileName().toString())));
      }
    }
    Files.copy(
        source.stages.evaluation.resolve(ModelMetrics.FILE), folder.resolve(ModelMetrics.FILE));
    Files.copy(
        dataset.folder().resolve(PreparedDataset.MANIFEST),
        folder.resolve(PreparedDataset.MANIFEST));
    for (String file : List.of(SeenImages.FILE, InputStatistics.fileName(Split.TEST))) {
      // Data sets of earlier builds lack them.
      if (Files.isRegularFile(dataset.folder().resolve(file))) {
        Files.copy(dataset.folder().resolve(file), folder.resolve(file));
      }
    }
    if (source.guard.description().present()) {
      Json.write(folder.resolve(InputGuard.FILE), source.guard.description());
    }
    Json.write(
        folder.resolve(Provenance.FILE),
        new Provenance(
            Provenance.FORMAT,
            dataset.manifest().source(),
            dataset.fingerprint(),
            source.model.description(),
            source.model.model().weights().sha256(),
            config,
            Provenance.versions(
                Map.of(
                    "tensorflow", new TensorFlowEngineFactory().version(),
                    "tensorflow-lite", new TfLiteEngineFactory().version())),
            Provenance.thisHost(),
            List.of()));
  }

  private void writePages(
      Source source, Bundle bundle, List<ArtifactReport> reports, Optional<HeatMapCheck> explained)
      throws IOException {
    Path folder = bundle.folder();
    AtomicFiles.write(folder.resolve(Bundle.MODEL_CARD), card(source, reports, explained));
    Json.write(folder.resolve(ReportExtras.FILE), extras(source, bundle, explained));
    AtomicFiles.write(folder.resolve(BundleReport.FILE), BundleReport.of(bundle).html());
  }

  /** Whether the bundle has exactly the requested models, each with a verdict. */
  private boolean isWhole(
      Bundle bundle, Set<String> wanted, List<ArtifactReport> reports, boolean explained) {
    List<String> written = Artifact.in(bundle).stream().map(Artifact::key).toList();
    return wanted.equals(Set.copyOf(written))
        && written.equals(reports.stream().map(ArtifactReport::artifact).toList())
        && Files.exists(bundle.folder().resolve(Bundle.EXPLAIN)) == explained
        && Files.exists(bundle.folder().resolve(Bundle.KERAS)) == options.keras();
  }

  private String card(Source source, List<ArtifactReport> reports, Optional<HeatMapCheck> explained)
      throws IOException {
    return new ModelCard(
            purpose.name(),
            purpose.purpose(),
            purpose.origin(),
            source.model.description(),
            source.metrics,
            source.guard.description(),
            source.dataset,
            reports,
            explained)
        .render();
  }

  private ReportExtras extras(Source source, Bundle bundle, Optional<HeatMapCheck> explained)
      throws IOException {
    return new ReportExtras(
        ReportExtras.FORMAT,
        purpose.name(),
        purpose.purpose(),
        purpose.origin(),
        explained,
        options.pictures() ? ReportPictures.samples(source.dataset) : List.of(),
        options.pictures() ? mistakes(source, bundle, explained.isPresent()) : List.of(),
        options.pictures() ? ReportPictures.shortcuts(source.dataset) : List.of());
  }

  private static List<Picture> mistakes(Source source, Bundle bundle, boolean explained)
      throws IOException {
    Predictions test = new BundleRecords(bundle).predictions(Split.TEST.key(), source.metrics);
    Decision decision = source.metrics.decision().decision();
    if (!explained) {
      return ReportPictures.mistakes(source.dataset, test, decision);
    }
    try (Explainer explainer = Explainer.open(bundle.folder().resolve(Bundle.EXPLAIN))) {
      return ReportPictures.mistakes(source.dataset, test, decision, explainer);
    }
  }

  private List<ArtifactReport> judge(
      Source source, Bundle bundle, Map<String, QuantizedForms.Form> forms) throws IOException {
    ArtifactChecker checker =
        new ArtifactChecker(
            bundle,
            source.dataset,
            source.metrics,
            source.guard.description(),
            context.cores(),
            context.progress());
    MonitoringFile monitoring = new MonitoringFile();
    List<ArtifactReport> reports = new ArrayList<>();
    for (Artifact artifact : Artifact.in(bundle)) {
      QuantizedForms.Form form = forms.get(artifact.key());
      if (form == null) {
        continue;
      }
      GateLimits limits = options.limits(artifact);
      ArtifactChecker.Checked checked =
          checker.check(
              new ArtifactChecker.Task(
                  artifact,
                  form.decision(),
                  OptionalDouble.empty(),
                  limits,
                  List.of(Split.VALIDATION, Split.TEST)));
      if (checked.failure().isEmpty()) {
        monitoring.add(artifact, form.decision(), checked);
      }
      reports.add(
          new ArtifactReport(
              artifact.key(),
              artifact.path(),
              form.description(),
              form.threshold(),
              checked.unfamiliarityLimit(),
              FileSizes.of(bundle.folder().resolve(artifact.path())),
              form.weights(),
              limits,
              checked.verdict()));
    }
    monitoring.write(
        InputStatistics.read(source.dataset.folder(), Split.VALIDATION).values(), bundle.folder());
    return reports;
  }

  /** Returns the metrics; checks that they belong to this classifier and data set. */
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
}
