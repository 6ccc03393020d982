package io.github.deepxray.export.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.ArtifactReport;
import io.github.deepxray.classify.ArtifactReport.FileSizes;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.classify.GateLimits;
import io.github.deepxray.classify.Verdict;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.image.HeatMap;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.metrics.Comparison;
import io.github.deepxray.core.metrics.Decision;
import io.github.deepxray.core.metrics.Evaluation;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.core.network.Sparsity;
import io.github.deepxray.datasets.ClassNames;
import io.github.deepxray.datasets.DatasetOptions;
import io.github.deepxray.datasets.DatasetOrigin;
import io.github.deepxray.datasets.DatasetProfile;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.datasets.XrayReader;
import io.github.deepxray.datasets.XrayRecord;
import io.github.deepxray.datasets.phantom.PhantomArchive;
import io.github.deepxray.datasets.phantom.PhantomOptions;
import io.github.deepxray.keras.internal.EfficientNet;
import io.github.deepxray.report.internal.BundleRecords;
import io.github.deepxray.report.internal.BundleReport;
import io.github.deepxray.report.internal.HeatMapCheck;
import io.github.deepxray.report.internal.Picture;
import io.github.deepxray.report.internal.Provenance;
import io.github.deepxray.report.internal.ReportExtras;
import io.github.deepxray.testkit.DamagedInputs;
import io.github.deepxray.testkit.InCi;
import io.github.deepxray.testkit.Robustness.Reading;
import io.github.deepxray.train.DecisionRule.MostProbable;
import io.github.deepxray.train.DecisionRule.Thresholds;
import io.github.deepxray.train.InputGuard;
import io.github.deepxray.train.ModelMetrics;
import io.github.deepxray.train.Predictions;
import io.github.deepxray.train.ProbabilityCalibration;
import io.github.deepxray.train.QuantizedForms;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.recipe.GuardMode;
import io.github.deepxray.train.recipe.HeadSpec;
import io.github.deepxray.train.recipe.ValidationViews;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whatever is damaged in the records of a bundle, its readers give a value or a line. */
@InCi
class DamagedBundleTest {
  private static final long MOST_BYTES = 512L << 20;

  private static final Thresholds THRESHOLDS =
      new Thresholds(0.5, 0.25, 0.375, 0.1, 0.95, ValidationViews.PLAIN);

  private static final ClassNames CLASSES = new ClassNames(List.of("a", "b", "c"));

  @TempDir static Path home;
  private static PreparedDataset dataset;

  @BeforeAll
  static void makeBundles() throws IOException {
    PhantomArchive.writeFolder(
        home.resolve("phantoms"),
        PhantomOptions.DEFAULT.withTrain(3, 4).withVal(1, 1).withTest(2, 2));
    dataset =
        TestRun.in(home.resolve("out"))
            .prepare(
                home.resolve("phantoms"),
                DatasetOptions.DEFAULT.withImageSize(32).withValidationFraction(0.25));
    writeTwo(Files.createDirectories(home.resolve("two")));
    writeThree(Files.createDirectories(home.resolve("three")));
  }

  private static TrainedModel.Description description(String decision) throws IOException {
    TrainedModel.Description two =
        new TrainedModel.Description(
            "deepxray-training/1",
            EfficientNet.B0.name(),
            224,
            "ImageNet",
            "ab",
            HeadSpec.of("logistic"),
            5,
            "tflite 2",
            dataset.fingerprint(),
            Optional.of(0.7),
            30,
            THRESHOLDS,
            Optional.empty(),
            Optional.empty(),
            Map.of("block6b", 576),
            Optional.empty(),
            Fit.CROP,
            ProbabilityCalibration.NONE,
            GuardMode.NONE);
    String json = Json.compact(two);
    return Json.convert(
        Json.parse(
            json.replaceAll("\"thresholds\":\\{[^}]*}", "\"thresholds\":" + decision), "test"),
        TrainedModel.Description.class,
        "test");
  }

  /** What both bundles hold. */
  private static void write(
      Path folder, TrainedModel.Description training, SplitScores test, OptionalDouble threshold)
      throws IOException {
    Files.copy(
        dataset.folder().resolve(PreparedDataset.MANIFEST),
        folder.resolve(PreparedDataset.MANIFEST));
    Json.write(
        folder.resolve(Provenance.FILE),
        new Provenance(
            Provenance.FORMAT,
            dataset.manifest().source(),
            dataset.fingerprint(),
            training,
            "weights",
            Map.of("name", "x", "seed", "2"),
            Map.of("deepxray", "1"),
            Provenance.thisHost(),
            List.of()));
    Decision decision =
        threshold.isPresent()
            ? new Decision.Threshold(threshold.getAsDouble())
            : Decision.MOST_PROBABLE;
    Comparison same = Comparison.of(test, decision, test, decision, 1);
    List<ArtifactReport> reports = new ArrayList<>();
    for (Artifact artifact : List.of(Artifact.FLOAT32, Artifact.DYNAMIC)) {
      reports.add(
          new ArtifactReport(
              artifact.key(),
              artifact.path(),
              "words",
              threshold,
              new FileSizes(4_652_057, 3_451_261, 3_451_397),
              Optional.of(new Sparsity.Count(4_049_571, 2_034_567)),
              GateLimits.QUANTIZATION,
              new Verdict(
                  Map.of("test", same),
                  artifact.equals(Artifact.DYNAMIC) ? List.of("too far") : List.of())));
    }
    ArtifactReport.write(folder.resolve(ArtifactReport.FILE), Fit.CROP, reports);
    Files.writeString(
        folder.resolve(BundleReport.historyFile("train")),
        """
        epoch,loss,validation_loss,validation_auc,learning_rate
        1,0.5,0.25,0.9,0.001
        2,0.4,0.2,0.95,NaN
        """);
    List<Picture> pictures = new ArrayList<>();
    try (XrayReader reader = dataset.read(Split.TEST)) {
      for (Optional<XrayRecord> r = reader.next(); r.isPresent(); r = reader.next()) {
        pictures.add(
            Picture.of(r.get(), Split.TEST, "normal", 16)
                .with(HeatMap.of(2, 2, new float[] {0, 1, 2, 3})));
      }
    }
    Json.write(
        folder.resolve(ReportExtras.FILE),
        new ReportExtras(
            ReportExtras.FORMAT,
            "name",
            "purpose",
            DatasetOrigin.PHANTOMS,
            Optional.of(new HeatMapCheck(1000, 7, 7, 3, 0.01, 0.99)),
            pictures.subList(0, 2),
            pictures.subList(2, 4),
            List.of()));
  }

  private static void writeTwo(Path folder) throws IOException {
    List<Predictions.Row> rows = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      rows.add(
          new Predictions.Row(
              new ScoredExample("i" + i, "p" + i / 2, i % 2 == 0 ? 1 : 0, (i * 7 % 20) / 20.0),
              i % 2 == 0 ? "viral" : "normal"));
    }
    Predictions predictions = new Predictions(rows);
    predictions.write(folder.resolve(Predictions.fileName("validation")));
    predictions.write(folder.resolve(Predictions.fileName("test")));
    Evaluation e = Evaluation.of(predictions.scores(), THRESHOLDS.decisions(), 1);
    Map<String, Evaluation> slices = Map.of("normal", e, "viral", e);
    Json.write(
        folder.resolve(ModelMetrics.FILE),
        new ModelMetrics(
            ModelMetrics.FORMAT,
            "m",
            dataset.fingerprint(),
            new ClassNames("NORMAL", "PNEUMONIA"),
            THRESHOLDS,
            Map.of("validation", e, "test", e),
            Map.of("validation", slices, "test", slices),
            e,
            List.of(new ModelMetrics.Reliance("aspect ratio", 0.25, List.of(0.75, 1.0, 1.0, 1.0))),
            Map.of()));
    Files.writeString(folder.resolve(Bundle.LABELS), "NORMAL\nPNEUMONIA\n");
    write(
        folder,
        description(Json.compact(THRESHOLDS)),
        predictions.scores(),
        OptionalDouble.of(0.375));
    Files.writeString(folder.resolve(Bundle.CHECKSUMS), Bundle.checksums(folder));
  }

  private static void writeThree(Path folder) throws IOException {
    List<Predictions.Row> rows = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      double p = (i * 7 % 30) / 60.0;
      rows.add(
          new Predictions.Row(
              new ScoredExample("i" + i, "p" + i / 2, i % 3, List.of(p, p, 1 - 2 * p)), "a"));
    }
    Predictions predictions = new Predictions(rows);
    predictions.write(folder.resolve(Predictions.fileName("validation")));
    predictions.write(folder.resolve(Predictions.fileName("test")));
    MostProbable decision = new MostProbable(List.of(0.2, 0.3, 0.5));
    Evaluation e = Evaluation.of(predictions.scores(), decision.decisions(), 1);
    Json.write(
        folder.resolve(ModelMetrics.FILE),
        new ModelMetrics(
            ModelMetrics.FORMAT,
            "m",
            dataset.fingerprint(),
            CLASSES,
            decision,
            Map.of("validation", e, "test", e),
            Map.of(),
            e,
            List.of(),
            Map.of()));
    Files.writeString(folder.resolve(Bundle.LABELS), "a\nb\nc\n");
    write(
        folder,
        description("{\"classShares\":[0.2,0.3,0.5]}"),
        predictions.scores(),
        OptionalDouble.empty());
    writeDatasetOfThree(folder.resolve(PreparedDataset.MANIFEST));
    Files.writeString(folder.resolve(Bundle.CHECKSUMS), Bundle.checksums(folder));
  }

  /** The same data set as one of three classes. */
  private static void writeDatasetOfThree(Path file) throws IOException {
    ObjectNode manifest = (ObjectNode) Json.read(file);
    manifest.set("profile", Json.tree(DatasetProfile.of(CLASSES)));
    for (JsonNode split : manifest.path("splits")) {
      ((ObjectNode) split).putObject("slices");
    }
    for (JsonNode of : manifest.path("audit").path("folders")) {
      ((ObjectNode) of).putObject("slices");
    }
    Json.write(file, manifest);
  }

  @Test
  void bundlesWhoseFilesAreOfDifferentClassesAreRefused() throws IOException {
    Path folder = Files.createDirectories(home.resolve("mixed"));
    writeThree(folder);
    Files.copy(
        home.resolve("two").resolve(PreparedDataset.MANIFEST),
        folder.resolve(PreparedDataset.MANIFEST),
        StandardCopyOption.REPLACE_EXISTING);
    assertThatThrownBy(() -> BundleReport.of(new Bundle(folder)).html())
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("metrics.json and dataset.json are of different classes");
    Files.copy(
        home.resolve("two").resolve(ModelMetrics.FILE),
        folder.resolve(ModelMetrics.FILE),
        StandardCopyOption.REPLACE_EXISTING);
    assertThatThrownBy(() -> BundleReport.of(new Bundle(folder)).html())
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("predictions-validation.csv is of 3 classes, metrics.json of 2");
  }

  /** All that commands read of a bundle's records. */
  private static Reading reading(Path folder) {
    return () -> {
      Bundle bundle = Bundle.open(folder);
      BundleVerifier.recorded(bundle).table();
      for (ArtifactReport report : bundle.artifacts()) {
        bundle.report(report.toArtifact());
      }
      BundleRecords records = new BundleRecords(bundle);
      records.metrics().table(Split.TEST);
      bundle.labels();
      BundleReport.of(bundle).html();
    };
  }

  @ParameterizedTest
  @CsvSource({
    "two,artifacts.json",
    "two,metrics.json",
    "two,provenance.json",
    "two,dataset.json",
    "two,report.json",
    "three,artifacts.json",
    "three,metrics.json",
    "three,provenance.json",
    "three,dataset.json"
  })
  void json(String bundle, String file) throws IOException {
    Path folder = home.resolve(bundle);
    assertThat(DamagedInputs.json(folder.resolve(file), MOST_BYTES, reading(folder))).isPositive();
  }

  @ParameterizedTest
  @CsvSource({
    "two,predictions-test.csv",
    "two,history-train.csv",
    "two,labels.txt",
    "two,SHA256SUMS",
    "three,predictions-test.csv"
  })
  void text(String bundle, String file) throws IOException {
    Path folder = home.resolve(bundle);
    DamagedInputs.bytes(folder.resolve(file), MOST_BYTES, reading(folder));
  }

  @Test
  void quantizedForms() throws IOException {
    Path folder = Files.createDirectories(home.resolve("quantized"));
    Path file = folder.resolve(QuantizedForms.FILE);
    QuantizedForms.Form form =
        new QuantizedForms.Form(
            "int8",
            "model-int8.tflite",
            "words",
            Optional.of(new Sparsity.Count(2, 1)),
            OptionalDouble.of(0.5),
            List.of("int8.json"));
    Json.write(file, new QuantizedForms(QuantizedForms.FORMAT, "model", "", List.of(form)));
    assertThat(
            DamagedInputs.json(
                file, MOST_BYTES, () -> QuantizedForms.read(folder, "model", InputGuard.NONE)))
        .isPositive();
  }
}
