package io.github.deepxray.report.internal;

import io.github.deepxray.classify.ArtifactReport;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.datasets.DatasetManifest;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.report.SiteAdaptation;
import io.github.deepxray.train.InputGuard;
import io.github.deepxray.train.ModelMetrics;
import io.github.deepxray.train.Predictions;
import io.github.deepxray.train.internal.stage.HistoryFile;
import io.github.deepxray.train.stage.EpochResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Report of a bundle: one HTML page about data, metrics, mistakes, artifacts and provenance, from
 * files of the bundle only. The page is reproducible unless speed was measured.
 */
public final class BundleReport {
  /** The name of the page in the bundle. */
  public static final String FILE = "report.html";

  /** Names of the stages with a history, which are also folder names, in the order of training. */
  private static final List<String> STAGES = List.of("train", "prune", "finetune");

  private final Bundle bundle;
  private final Optional<ReportContent.Speed> speed;

  private BundleReport(Bundle bundle, Optional<ReportContent.Speed> speed) {
    this.bundle = bundle;
    this.speed = speed;
  }

  /** Returns the report of a bundle without speed. */
  public static BundleReport of(Bundle bundle) {
    return new BundleReport(bundle, Optional.empty());
  }

  /** Returns a copy with the speed of the artifacts. */
  public BundleReport withSpeed(ReportContent.Speed measured) {
    return new BundleReport(bundle, Optional.of(measured));
  }

  /** Returns the path of a stage's history in the bundle. */
  public static String historyFile(String stage) {
    return "history-" + stage + ".csv";
  }

  /**
   * Returns the page as HTML.
   *
   * @throws DeepXrayException if a file is damaged
   * @throws IOException if a file cannot be read
   */
  public String html() throws IOException {
    return ReportPage.html(content());
  }

  private ReportContent content() throws IOException {
    BundleRecords records = new BundleRecords(bundle);
    Provenance provenance = records.provenance();
    ModelMetrics metrics = records.metrics();
    DatasetManifest dataset = dataset(metrics);
    ReportExtras extras = records.extras();
    ModelCardText text =
        new ModelCardText(
            extras.origin(), new ClassVocabulary(dataset.profile()), provenance.training());
    return new ReportContent(
        extras.name(),
        extras.purpose(),
        text.dataName(),
        text.data(),
        limits(provenance, text),
        provenance.training().backboneSource() + text.backboneHistory().replace("`", ""),
        provenance.training(),
        provenance.weights(),
        metrics,
        records.guard(),
        predictions(records, metrics),
        dataset,
        bundle.exportedArtifacts(),
        others(bundle, extras),
        speed,
        histories(bundle),
        extras.samples(),
        extras.mistakes(),
        extras.shortcuts(),
        extras.explained().map(BundleReport::sentence),
        provenance.config(),
        provenance.versions(),
        provenance.host());
  }

  private static List<String> limits(Provenance provenance, ModelCardText text) {
    List<String> limits = new ArrayList<>();
    if (!provenance.adaptations().isEmpty()) {
      limits.add(
          ("The bundle was adapted to images of a site. This page describes the model files as they"
                  + " were exported, with other probabilities and thresholds; %s and %s have those"
                  + " of the bundle.")
              .formatted(Bundle.MODEL_CARD, SiteAdaptation.FILE));
    }
    limits.addAll(text.limits());
    return limits;
  }

  /** Reads the data set; checks that its classes are those of the metrics. */
  private DatasetManifest dataset(ModelMetrics metrics) throws IOException {
    DatasetManifest dataset =
        DatasetManifest.read(
            bundle.folder().resolve(PreparedDataset.MANIFEST), "export the bundle again");
    if (!metrics.classes().equals(dataset.classNames())) {
      throw new DeepXrayException(
          "%s: %s and %s are of different classes; export the bundle again."
              .formatted(bundle.folder(), ModelMetrics.FILE, PreparedDataset.MANIFEST));
    }
    return dataset;
  }

  private static Map<String, Predictions> predictions(BundleRecords records, ModelMetrics metrics)
      throws IOException {
    Map<String, Predictions> predictions = new LinkedHashMap<>();
    for (Split split : List.of(Split.VALIDATION, Split.TEST)) {
      predictions.put(split.key(), records.predictions(split.key(), metrics));
    }
    return predictions;
  }

  /**
   * Writes the page into the bundle and updates its checksum.
   *
   * @return path of the page
   * @throws DeepXrayException if another file has changed since the bundle was written
   * @throws IOException if a file cannot be read or written
   */
  public Path draw() throws IOException {
    // The new checksums must not cover files that were changed after export.
    bundle.requireIntact(name -> !name.equals(FILE));
    Path file = bundle.folder().resolve(FILE);
    AtomicFiles.write(file, html());
    AtomicFiles.write(bundle.folder().resolve(Bundle.CHECKSUMS), Bundle.checksums(bundle.folder()));
    return file;
  }

  /**
   * Writes the page to a file outside the bundle.
   *
   * @throws DeepXrayException if a file that is shown has changed since the bundle was written
   * @throws IOException if a file cannot be read or written
   */
  public void draw(Path file) throws IOException {
    Set<String> shown =
        Set.of(
            ModelMetrics.FILE,
            Provenance.FILE,
            ReportExtras.FILE,
            ArtifactReport.FILE,
            InputGuard.FILE,
            PreparedDataset.MANIFEST,
            Predictions.fileName(Split.VALIDATION.key()),
            Predictions.fileName(Split.TEST.key()));
    bundle.requireIntact(name -> shown.contains(name) || name.startsWith("history-"));
    AtomicFiles.write(file, html());
  }

  private static Map<String, List<EpochResult>> histories(Bundle bundle) throws IOException {
    Map<String, List<EpochResult>> histories = new LinkedHashMap<>();
    for (String stage : STAGES) {
      Path file = bundle.folder().resolve(historyFile(stage));
      if (Files.isRegularFile(file)) {
        histories.put(stage, HistoryFile.read(file));
      }
    }
    return histories;
  }

  private static List<ReportContent.Other> others(Bundle bundle, ReportExtras extras)
      throws IOException {
    List<ReportContent.Other> others = new ArrayList<>();
    extras
        .explained()
        .ifPresent(
            check ->
                others.add(
                    new ReportContent.Other(
                        Bundle.EXPLAIN,
                        check.bytes(),
                        "gives a heat map (Grad-CAM) beside the probability, for the explain"
                            + " command",
                        false)));
    Path keras = bundle.folder().resolve(Bundle.KERAS);
    if (Files.isRegularFile(keras)) {
      others.add(
          new ReportContent.Other(
              Bundle.KERAS,
              Files.size(keras),
              "the trained network for keras.models.load_model",
              false));
    }
    others.addAll(layerReports(bundle));
    return others;
  }

  private static List<ReportContent.Other> layerReports(Bundle bundle) throws IOException {
    Path reports = bundle.folder().resolve(Bundle.REPORTS);
    if (!Files.isDirectory(reports)) {
      return List.of();
    }
    List<ReportContent.Other> pages = new ArrayList<>();
    try (Stream<Path> files = Files.list(reports)) {
      for (Path file : files.sorted().toList()) {
        String name = file.getFileName().toString();
        if (name.endsWith(".html")) {
          pages.add(
              new ReportContent.Other(
                  Bundle.REPORTS + "/" + name,
                  Files.size(file),
                  "what each layer lost in quantization",
                  true));
        }
      }
    }
    return pages;
  }

  private static String sentence(HeatMapCheck check) {
    return String.format(
        Locale.ROOT,
        "On %d test images the maps differ from those of the unquantized model by %.1f %% of the"
            + " map's maximum on average, correlation %.3f.",
        check.images(),
        100 * check.meanDifference(),
        check.correlation());
  }
}
