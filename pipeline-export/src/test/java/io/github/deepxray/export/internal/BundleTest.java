package io.github.deepxray.export.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.classify.Adaptation;
import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.ArtifactReport;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.classify.Classifier;
import io.github.deepxray.classify.Explainer;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.Engines;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.image.HeatMap;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.Resizer;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.internal.Version;
import io.github.deepxray.core.internal.engine.ImageFileEngine;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.internal.io.Hashes;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.metrics.Comparison;
import io.github.deepxray.core.metrics.Interval;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.core.metrics.PrevalenceEstimate;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Sparsity;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.datasets.ClassNames;
import io.github.deepxray.datasets.DatasetManifest;
import io.github.deepxray.datasets.DatasetOptions;
import io.github.deepxray.datasets.DatasetOrigin;
import io.github.deepxray.datasets.InputStatistics;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Slice;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.datasets.XrayRecord;
import io.github.deepxray.datasets.phantom.Phantom;
import io.github.deepxray.datasets.phantom.PhantomArchive;
import io.github.deepxray.datasets.phantom.PhantomOptions;
import io.github.deepxray.export.BundleSpec;
import io.github.deepxray.export.ModelPurpose;
import io.github.deepxray.export.VerificationReport;
import io.github.deepxray.export.VerificationReport.Parity;
import io.github.deepxray.keras.internal.KerasHdf5;
import io.github.deepxray.optimize.internal.Passes;
import io.github.deepxray.optimize.internal.quantize.LayerReport;
import io.github.deepxray.report.SiteAdaptation;
import io.github.deepxray.report.internal.BundleRecords;
import io.github.deepxray.report.internal.BundleReport;
import io.github.deepxray.report.internal.Provenance;
import io.github.deepxray.report.internal.ReportContent;
import io.github.deepxray.testkit.Fixtures;
import io.github.deepxray.text.internal.Yaml;
import io.github.deepxray.tflite.internal.TfLiteEngine;
import io.github.deepxray.tflite.internal.TfLiteWriter;
import io.github.deepxray.train.BackboneModel;
import io.github.deepxray.train.InputGuard;
import io.github.deepxray.train.QuantizedForms;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.TrainingSpec;
import io.github.deepxray.train.internal.UntrainedBackbone;
import io.github.deepxray.train.recipe.HeadSpec;
import io.github.deepxray.train.stage.Context;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BundleTest {
  private static final int SIZE = 96;
  private static final DatasetOptions OPTIONS =
      DatasetOptions.DEFAULT
          .withImageSize(SIZE)
          .withValidationFraction(0.25)
          .withSeed(2)
          .withFit(Fit.CROP);
  private static final List<Slice> SLICES = List.of(Slice.NORMAL, Slice.BACTERIAL, Slice.VIRAL);
  private static final BundleVerifier VERIFIER = new BundleVerifier(1, Progress.NONE);

  @TempDir static Path home;
  private static HeadSpec head;
  private static TestRun pipeline;
  private static BackboneModel backbone;
  private static PreparedDataset dataset;
  private static Bundle bundle;

  @TempDir Path folder;

  @BeforeAll
  static void makeBundle() throws IOException {
    head = HeadSpec.of("logistic").withViews(1).withEpochs(20);
    PhantomArchive.writeFolder(
        home.resolve("phantoms"),
        PhantomOptions.DEFAULT.withTrain(12, 16).withVal(2, 2).withTest(8, 10));
    backbone =
        UntrainedBackbone.calibrated(
            Fixtures.SMALL_EFFICIENT_NET,
            SIZE,
            LongStream.range(0, 5)
                .mapToObj(i -> Phantom.draw(SLICES.get((int) i % SLICES.size()), 1, i, 1, SIZE))
                .toList(),
            1,
            Context.of(TestRun.ENGINE, home.resolve("cache")));
    pipeline = TestRun.in(home.resolve("out"));
    dataset = pipeline.prepare(home.resolve("phantoms"), OPTIONS);
    pipeline.train(backbone, TrainingSpec.of(head, 2));
    pipeline.evaluate();
    bundle =
        pipeline.export(
            new ModelPurpose("pneumonia-1", "Tells one from the other.", DatasetOrigin.PHANTOMS),
            Map.of("seed", "2", "b", "c"));
  }

  private static Context context() {
    return pipeline.context().withCores(1);
  }

  /** The classifier of another training on the same data. */
  private static TestRun another() throws IOException {
    TestRun another = new TestRun(home.resolve("another"), pipeline.cache());
    another.prepare(home.resolve("phantoms"), OPTIONS);
    another.train(backbone, TrainingSpec.of(head.withEpochs(30), 3));
    return another;
  }

  private Path copy() throws IOException {
    Path copy = folder.resolve("bundle");
    try (Stream<Path> files = Files.walk(bundle.folder())) {
      for (Path file : files.toList()) {
        Files.copy(file, copy.resolve(bundle.folder().relativize(file).toString()));
      }
    }
    return copy;
  }

  private static JsonNode frontMatter(Path bundle) throws IOException {
    String card = Files.readString(bundle.resolve(Bundle.MODEL_CARD));
    String[] parts = card.split("(?m)^---\\n", 3);
    assertThat(parts[0]).isEmpty();
    Path file = home.resolve("front.yaml");
    Files.writeString(file, parts[1]);
    return Yaml.read(file);
  }

  @Test
  void holdsEverythingThatIsDeployed() throws IOException {
    try (Stream<Path> files = Files.walk(bundle.folder())) {
      assertThat(
              files
                  .filter(Files::isRegularFile)
                  .map(file -> bundle.folder().relativize(file).toString()))
          .containsExactlyInAnyOrder(
              "MODEL_CARD.md",
              "SHA256SUMS",
              "artifacts.json",
              "dataset.json",
              "history-train.csv",
              "inputs-test.csv",
              "labels.txt",
              "metrics.json",
              "guard.json",
              "model-dynamic.tflite",
              "model-explain.tflite",
              "model-float32.tflite",
              "monitoring.json",
              "predictions-test.csv",
              "predictions-validation.csv",
              "provenance.json",
              "report.html",
              "report.json",
              "saved_model/1/assets.extra/tf_serving_warmup_requests",
              "saved_model/1/saved_model.pb",
              "training-images.txt");
    }
    assertThat(bundle.labels()).containsExactly("NORMAL", "PNEUMONIA");
    BundleRecords records = new BundleRecords(bundle);
    assertThat(records.predictions("test", records.metrics()).rows()).hasSize(18);
    assertThat(bundle.damage()).isEmpty();
  }

  /** Counts again from the predictions of the trained model, with the definition of deciles. */
  @Test
  void theReferenceForMonitoringIsThatOfTheValidationImages() throws IOException {
    JsonNode written = Json.read(bundle.folder().resolve("monitoring.json"));
    BundleRecords records = new BundleRecords(bundle);
    List<ScoredExample> examples =
        records.predictions("validation", records.metrics()).scores().examples();
    assertThat(written.path("patients").intValue())
        .isEqualTo(examples.stream().map(ScoredExample::patient).distinct().count());
    JsonNode float32 = written.path("artifacts").get(1);
    assertThat(float32.path("artifact").asText()).isEqualTo("float32");
    double threshold = bundle.decision(Artifact.FLOAT32).threshold().orElseThrow();
    long positive = examples.stream().filter(e -> e.score(1) >= threshold).count();
    assertThat(float32.at("/decision/images").toString())
        .isEqualTo("[" + (examples.size() - positive) + "," + positive + "]");
    double[] scores = examples.stream().mapToDouble(e -> e.score(1)).sorted().toArray();
    JsonNode edges = float32.at("/probability/edges");
    assertThat(edges.get(edges.size() - 1).doubleValue())
        .isCloseTo(scores[(int) Math.ceil(0.9 * scores.length) - 1], within(1e-4));
    // All images have the same size; none is smaller or larger.
    assertThat(written.at("/height/images").toString()).isEqualTo("[0," + examples.size() + ",0]");
    assertThat(written.at("/brightness/edges").size()).isBetween(2, 10);
  }

  @Test
  void aDataSetOfAnEarlierBuildHasNoReferenceForMonitoring() throws IOException {
    BundleRecords records = new BundleRecords(bundle);
    MonitoringFile monitoring = new MonitoringFile();
    SplitScores scores = records.predictions("validation", records.metrics()).scores();
    monitoring.add(
        Artifact.FLOAT32,
        bundle.decision(Artifact.FLOAT32),
        new AdaptedBundle.Scores(scores, OptionalDouble.empty()));
    monitoring.write(List.of(), folder);
    assertThat(folder.resolve("monitoring.json")).doesNotExist();
    monitoring.write(InputStatistics.read(dataset.folder(), Split.VALIDATION).values(), folder);
    assertThat(folder.resolve("monitoring.json")).isRegularFile();
  }

  /** An adaptation to a prevalence, with a threshold of 0.25 for each form. */
  private static SiteAdaptation adaptation() throws IOException {
    Map<String, Double> exported = new TreeMap<>();
    List<SiteAdaptation.Thresholds> thresholds = new ArrayList<>();
    for (ArtifactReport report : bundle.artifacts()) {
      double before = report.threshold().orElseThrow();
      exported.put(report.artifact(), before);
      thresholds.add(new SiteAdaptation.Thresholds(report.artifact(), before, 0.25, 0.5));
    }
    return new SiteAdaptation(
        SiteAdaptation.FORMAT,
        new SiteAdaptation.Model(
            "pneumonia-1", "ab12", "float32", new ClassNames("NORMAL", "PNEUMONIA")),
        new SiteAdaptation.Site(
            "site",
            new DatasetManifest.Source("csv", "cd34"),
            2,
            2,
            Optional.of(0),
            0,
            OptionalDouble.of(0.5)),
        new Adaptation(
            Adaptation.Method.PREVALENCE, 1, -Math.log(3), 2, 2, "0".repeat(64), exported),
        new SiteAdaptation.Prevalence(OptionalDouble.of(0.5), 0.25),
        thresholds,
        Optional.empty(),
        Optional.of(
            new SiteAdaptation.Estimate(
                new PrevalenceEstimate(new Interval(0.25, 0.1, 0.4), 5), Optional.empty())),
        List.of());
  }

  @Test
  void anAdaptedBundleHasTheSameModelsAndOtherThresholds() throws IOException {
    Path target = folder.resolve("adapted");
    SplitScores scores =
        new SplitScores(
            List.of(new ScoredExample("a", "1", 0, 0.125), new ScoredExample("b", "2", 1, 0.75)));
    AdaptedBundle adapted =
        new AdaptedBundle(
            adaptation(),
            Map.of("artifact", "float32"),
            Map.of("float32", new AdaptedBundle.Scores(scores, OptionalDouble.of(0.5))),
            List.copyOf(InputStatistics.read(dataset.folder(), Split.TEST).values()),
            List.of("f".repeat(64)));
    Bundle written = adapted.write(bundle, target);
    assertThat(written.damage()).isEmpty();
    assertThat(BundleVerifier.recorded(written).passed()).isTrue();
    for (String file : List.of("model-float32.tflite", "saved_model/1/saved_model.pb")) {
      assertThat(target.resolve(file)).hasSameBinaryContentAs(bundle.folder().resolve(file));
    }
    assertThat(written.artifacts())
        .allSatisfy(report -> assertThat(report.threshold()).hasValue(0.25))
        .extracting(ArtifactReport::unfamiliarityLimit)
        .isEqualTo(bundle.artifacts().stream().map(ArtifactReport::unfamiliarityLimit).toList());
    assertThat(written.exportedArtifacts()).isEqualTo(bundle.artifacts());
    // Odds of a third.
    assertThat(written.adaptation().apply(0.5)).isCloseTo(0.25, within(1e-12));
    assertThat(Files.readString(target.resolve("training-images.txt"))).contains("f".repeat(64));
    JsonNode monitored = Json.read(target.resolve("monitoring.json")).path("artifacts").path(0);
    assertThat(monitored.path("unfamiliar").doubleValue()).isEqualTo(0.5);
    assertThat(Files.readString(target.resolve("MODEL_CARD.md"))).contains("Adapted to a site");
    for (Path taken : List.of(target, bundle.folder().resolve("inside"))) {
      assertThatThrownBy(() -> AdaptedBundle.requireNew(bundle, taken))
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining(taken.toString());
    }
  }

  /** The images of the data set are square, so that its option decides. */
  @Test
  void everyFormKnowsTheFit() throws IOException {
    assertThat(TrainedModel.load(pipeline.trainFolder()).description().fit()).isEqualTo(Fit.CROP);
    assertThat(bundle.fit()).isEqualTo(Fit.CROP);
    assertThat(new BundleRecords(bundle).provenance().training().fit()).isEqualTo(Fit.CROP);
    assertThat(Files.readString(bundle.folder().resolve(Bundle.MODEL_CARD)))
        .contains("are cropped around the centre and resized to 96 x 96");
    RgbImage wide = Resizer.resize(dataset.readAll(Split.TEST).get(0).decode(), SIZE, SIZE * 3 / 2);
    RgbImage cropped = Fit.CROP.apply(wide, SIZE, SIZE);
    Path alone = folder.resolve("alone.tflite");
    Files.copy(bundle.folder().resolve(Bundle.TFLITE_FLOAT32), alone);
    double probability;
    try (Classifier classifier = Classifier.open(alone)) {
      probability = classifier.classify(cropped).probability();
      assertThat(classifier.fit()).isEqualTo(Fit.CROP);
      assertThat(classifier.classify(wide).probability()).isEqualTo(probability);
    }
    try (InferenceEngine engine = Artifact.SAVED_MODEL.load(bundle, 1)) {
      float[][] outputs = ((ImageFileEngine) engine).runBytes(List.of(ImageCodec.encodePng(wide)));
      assertThat((double) outputs[0][0]).isCloseTo(probability, within(1e-4));
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void sha256sumAcceptsTheChecksums() throws Exception {
    Process process =
        new ProcessBuilder("sha256sum", "--check", "--strict", "--quiet", Bundle.CHECKSUMS)
            .directory(bundle.folder().toFile())
            .inheritIO()
            .start();
    assertThat(process.waitFor()).isZero();
  }

  @Test
  void provenanceTellsHowToMakeItAgain() throws IOException {
    Provenance provenance = new BundleRecords(bundle).provenance();
    TrainedModel model = TrainedModel.load(pipeline.trainFolder());
    assertThat(provenance.dataset()).isEqualTo(dataset.fingerprint());
    assertThat(provenance.source().fingerprint())
        .isEqualTo(dataset.manifest().source().fingerprint());
    assertThat(provenance.weights()).isEqualTo(model.model().weights().sha256());
    assertThat(provenance.training().backboneSha256())
        .isEqualTo(backbone.model().weights().sha256());
    assertThat(provenance.training().seed()).isEqualTo(2);
    assertThat(provenance.training().head()).isEqualTo(head);
    assertThat(provenance.config()).isEqualTo(Map.of("seed", "2", "b", "c"));
    assertThat(provenance.versions())
        .containsEntry("deepxray", Version.current())
        .containsKeys("tensorflow", "tensorflow-lite");
    assertThat(provenance.host())
        .containsEntry("arch", System.getProperty("os.arch"))
        .containsKeys("os", "java", "processors");
  }

  @Test
  void theFrontMatterSaysWhatTheMetricsSay() throws IOException {
    JsonNode front = frontMatter(bundle.folder());
    assertThat(front.path("license").asText()).isEqualTo("apache-2.0");
    assertThat(front.path("pipeline_tag").asText()).isEqualTo("image-classification");
    JsonNode entry = front.path("model-index").path(0);
    assertThat(entry.path("name").asText()).isEqualTo("pneumonia-1");
    Map<String, Double> written = new HashMap<>();
    entry
        .path("results")
        .path(0)
        .path("metrics")
        .forEach(m -> written.put(m.path("type").asText(), m.path("value").doubleValue()));
    JsonNode test = Json.read(bundle.folder().resolve("metrics.json")).path("splits").path("test");
    Map<String, String> onHub =
        Map.of("auc", "roc_auc", "sensitivity", "recall", "brier", "brier_score");
    Map<String, Double> expected = new HashMap<>();
    for (JsonNode overall :
        List.of(
            test.at("/probabilities/overall"),
            test.at("/decisions/validation/measurements/overall"))) {
      overall
          .properties()
          .forEach(
              metric ->
                  expected.put(
                      onHub.getOrDefault(metric.getKey(), metric.getKey()),
                      metric.getValue().path("value").doubleValue()));
    }
    assertThat(expected).hasSize(Metric.values().length);
    assertThat(written).isEqualTo(expected);
  }

  @ParameterizedTest
  @EnumSource
  void theCardNamesTheDataAndItsLimits(DatasetOrigin origin) throws IOException {
    Path out = folder.resolve("bundle");
    new BundleWriter(
            new ModelPurpose("1.10", "Tells one from the other.", origin),
            Map.of(),
            BundleSpec.DEFAULT,
            context())
        .write(
            TrainedModel.load(pipeline.trainFolder()),
            InputGuard.NONE,
            dataset,
            new BundleWriter.Stages(
                pipeline.evaluationFolder(),
                pipeline.quantizeFolder(),
                List.of(pipeline.trainFolder())),
            out);
    JsonNode front = frontMatter(out);
    assertThat(front.path("model-index").path(0).path("name").asText()).isEqualTo("1.10");
    String card = Files.readString(out.resolve(Bundle.MODEL_CARD));
    assertThat(card)
        .contains("# 1.10\n", "**Not a medical device.**", "## Intended use", "## Limits")
        .doesNotContain("\n\n\n", "%s", "%d", "null", "NaN");
    boolean kermany = origin == DatasetOrigin.KERMANY_2018;
    assertThat(front.path("datasets").path(0).asText().equals("hf-vision/chest-xray-pneumonia"))
        .isEqualTo(kermany);
    for (String word : List.of("Kermany", "CC BY 4.0", "children", "Guangzhou")) {
      assertThat(card.contains(word)).as(word).isEqualTo(kermany);
    }
    assertThat(card.contains("not medical data")).isEqualTo(origin == DatasetOrigin.PHANTOMS);
    assertThat(card.contains("are unknown to the\nprogram"))
        .isEqualTo(origin == DatasetOrigin.UNKNOWN);
  }

  @Test
  void theWholeBundleAgreesWithTheTrainedModel() throws IOException {
    VerificationReport report = VERIFIER.verify(bundle, dataset);
    assertThat(report.problems()).isEmpty();
    assertThat(report.parities())
        .extracting(Parity::artifact)
        .containsExactly("saved_model", "float32", "dynamic");
    assertThat(report.parities().get(0).verdict().splits()).containsOnlyKeys("test", "test bytes");
    for (Parity parity : report.parities()) {
      for (Comparison comparison : parity.verdict().splits().values()) {
        assertThat(comparison.images()).isEqualTo(18);
        if (!parity.artifact().equals("dynamic")) {
          assertThat(comparison.maxDeltaProbability()).isLessThan(1e-4);
          assertThat(parity.passed()).isTrue();
        }
      }
    }
  }

  @Test
  void theBundleSaysWhatTheGateSaid() throws IOException {
    List<ArtifactReport> artifacts = bundle.artifacts();
    assertThat(artifacts)
        .extracting(ArtifactReport::artifact)
        .containsExactly("saved_model", "float32", "dynamic");
    double trained =
        new BundleRecords(bundle).metrics().decision().decision().threshold().orElseThrow();
    for (ArtifactReport artifact : artifacts) {
      assertThat(artifact.threshold()).hasValue(trained);
      assertThat(artifact.verdict().splits()).containsKeys("validation", "test");
      assertThat(artifact.size().gzip()).isLessThan(artifact.size().raw());
    }
    ArtifactReport float32 = artifacts.get(1);
    Sparsity counted =
        Sparsity.of(
            Passes.forInference()
                .apply(
                    pipeline
                        .guard()
                        .attach(
                            TrainedModel.load(pipeline.trainFolder()).model(),
                            backbone.backbone().features())));
    assertThat(float32.weights()).contains(counted.total());
    assertThat(artifacts.get(2).weights().orElseThrow().weights())
        .isGreaterThan(96 * counted.total().weights() / 100);
    assertThat(float32.size().raw())
        .isEqualTo(Files.size(bundle.folder().resolve(Bundle.TFLITE_FLOAT32)));
    assertThat(float32.verdict().blessed()).isTrue();
    assertThat(float32.verdict().splits().get("test").of(Metric.AUC).value())
        .isEqualTo(new BundleRecords(bundle).metrics().of(Split.TEST, Metric.AUC).value());
    assertThat(Files.readString(bundle.folder().resolve(Bundle.MODEL_CARD)))
        .containsPattern("`model-float32.tflite` \\| 32-bit float weights .* blessed")
        .contains("Matthews correlation", "pneumonia from ", "as 32-bit floats; as integers where");
  }

  @Test
  void theCardSaysWhosePatientsAreApart() throws IOException {
    assertThat(dataset.manifest().audit().unknownPatients()).isZero();
    assertThat(Files.readString(bundle.folder().resolve(Bundle.MODEL_CARD)))
        .contains(
            "`dataset.json`. No patient and no identical image is in more than one split.\n\n|")
        .doesNotContain("unknown");
  }

  @Test
  void theModelThatExplainsHasAHeatMapBesideTheProbability() throws IOException {
    Path file = bundle.folder().resolve(Bundle.EXPLAIN);
    assertThat(Files.size(file))
        .isLessThan(Files.size(bundle.folder().resolve(Bundle.TFLITE_FLOAT32)) / 3);
    try (TfLiteEngine engine = TfLiteEngine.load(file, TfLiteEngine.Options.DEFAULT);
        Explainer explainer = new Explainer(engine, Fit.STRETCH, file.toString());
        Explainer trained =
            new Explainer(
                Engines.named("tensorflow")
                    .create(
                        Passes.explaining()
                            .apply(TrainedModel.load(pipeline.trainFolder()).model()),
                        1),
                Fit.STRETCH,
                "the trained model");
        Classifier classifier = Classifier.open(bundle.folder())) {
      assertThat(engine.outputNames()).containsExactly("probability", "heat_map");
      assertThat(engine.delegatedWhole()).isTrue();
      float largest = 0;
      for (XrayRecord record : dataset.readAll(Split.TEST)) {
        RgbImage image = record.decode();
        Explainer.Explanation explanation = explainer.explain(image);
        assertThat(explanation.probability())
            .isCloseTo(classifier.classify(image).probability(), within(0.1));
        HeatMap map = explanation.heatMap();
        HeatMap expected = trained.explain(image).heatMap();
        assertThat(map.height()).isEqualTo(SIZE / 32);
        assertThat(map.width()).isEqualTo(SIZE / 32);
        // 8-bit weights are some hundredths away.
        for (int i = 0; i < map.values().length; i++) {
          assertThat(map.values()[i])
              .isCloseTo(expected.values()[i], within(0.2f * expected.max() + 1e-3f));
        }
        largest = Math.max(largest, map.max());
      }
      assertThat(largest).isPositive();
    }
    assertThat(Files.readString(bundle.folder().resolve(Bundle.MODEL_CARD)))
        .containsPattern("`model-explain.tflite` \\([0-9,]+ bytes.*`heat_map`\n`\\[3, 3, 1\\]`")
        .contains("does not show the location of a disease");
    try (TfLiteEngine float32 =
        TfLiteEngine.load(
            bundle.folder().resolve(Bundle.TFLITE_FLOAT32), TfLiteEngine.Options.DEFAULT)) {
      assertThatThrownBy(() -> new Explainer(float32, Fit.STRETCH, "model-float32.tflite"))
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining("model-float32.tflite")
          .hasMessageContaining("[[1], [h, w, 1]]");
    }
  }

  @Test
  void whatSomebodyTookAwayIsMissed() {
    Path out = folder.resolve("bundle");
    Progress thief =
        (task, total) -> {
          if (task.equals("check dynamic test")) {
            assertThat(
                    out.resolveSibling("bundle" + AtomicFiles.SUFFIX)
                        .resolve(Bundle.TFLITE_FLOAT32)
                        .toFile())
                .satisfies(stolen -> assertThat(stolen.delete()).isTrue());
          }
          return Progress.Task.NONE;
        };
    BundleWriter writer =
        new BundleWriter(
            new ModelPurpose("plain", "Tells one from the other.", DatasetOrigin.PHANTOMS),
            Map.of(),
            BundleSpec.DEFAULT,
            context().withProgress(thief));
    assertThatThrownBy(
            () ->
                writer.write(
                    TrainedModel.load(pipeline.trainFolder()),
                    InputGuard.NONE,
                    dataset,
                    new BundleWriter.Stages(
                        pipeline.evaluationFolder(),
                        pipeline.quantizeFolder(),
                        List.of(pipeline.trainFolder())),
                    out))
        .isInstanceOf(DeepXrayException.class)
        .hasMessage(
            out + " was changed by another program while it was written; run the command again.");
    assertThat(out).doesNotExist();
  }

  @Test
  void theModelThatExplainsCanBeLeftOutAndTheOneForKerasPutIn() throws IOException {
    Bundle without =
        new BundleWriter(
                new ModelPurpose("plain", "Tells one from the other.", DatasetOrigin.PHANTOMS),
                Map.of(),
                new BundleSpec(false, false, true, false, 0.1, 0.1, List.of()),
                context())
            .write(
                TrainedModel.load(pipeline.trainFolder()),
                InputGuard.NONE,
                dataset,
                new BundleWriter.Stages(
                    pipeline.evaluationFolder(),
                    pipeline.quantizeFolder(),
                    List.of(pipeline.trainFolder())),
                folder.resolve("bundle"));
    assertThat(without.folder().resolve(Bundle.EXPLAIN)).doesNotExist();
    assertThat(Files.readString(without.folder().resolve(Bundle.MODEL_CARD)))
        .doesNotContain("heat_map");
    Model trained = TrainedModel.load(pipeline.trainFolder()).model();
    assertThat(KerasHdf5.read(without.folder().resolve(Bundle.KERAS), trained.network()))
        .isEqualTo(trained.weights());
    assertThat(without.damage()).isEmpty();
    assertThat(Files.readString(without.folder().resolve(BundleReport.FILE)))
        .contains("Not a medical device.", "<code>model.keras</code>")
        .doesNotContain("<img", "model-explain.tflite");
    assertThat(Json.read(without.folder().resolve("report.json")).path("samples")).isEmpty();
  }

  @Test
  void theReportIsMadeFromTheBundleAlone() throws IOException {
    Path copy = copy();
    for (String model :
        List.of(Bundle.TFLITE_FLOAT32, Bundle.TFLITE_DYNAMIC, Bundle.EXPLAIN, "saved_model")) {
      AtomicFiles.deleteRecursively(copy.resolve(model));
    }
    Path page = folder.resolve("page.html");
    BundleReport.of(Bundle.open(copy)).draw(page);
    assertThat(page).hasSameBinaryContentAs(bundle.folder().resolve(BundleReport.FILE));
    // The numbers are those of the model card.
    String auc = new BundleRecords(bundle).metrics().of(Split.TEST, Metric.AUC).toString();
    assertThat(Files.readString(bundle.folder().resolve(Bundle.MODEL_CARD))).contains(auc);
    assertThat(Files.readString(page))
        .contains(auc.replace('-', '–'))
        .contains("<h1>pneumonia-1</h1>", "Tells one from the other.", "not medical data")
        .contains("model-explain.tflite")
        .contains("id=\"train-loss-title\"", "data:image/jpeg;base64,")
        .hasSizeLessThan(3_000_000);
    assertThat(bundle.folder().resolve("history-train.csv"))
        .hasSameBinaryContentAs(pipeline.trainFolder().resolve("history.csv"));
  }

  @Test
  void theReportCanBeDrawnAgainAndVouchesForNothingElse() throws IOException {
    Path copy = copy();
    Bundle opened = Bundle.open(copy);
    String checksums = Files.readString(copy.resolve(Bundle.CHECKSUMS));
    Files.writeString(copy.resolve(BundleReport.FILE), "an older page");
    BundleReport.of(opened)
        .withSpeed(new ReportContent.Speed("a machine", Map.of("float32", 12.34)))
        .draw();
    assertThat(opened.damage()).isEmpty();
    assertThat(Files.readString(copy.resolve(BundleReport.FILE)))
        .contains("12.34", "measured on a machine");
    BundleReport.of(opened).draw();
    assertThat(copy.resolve(Bundle.CHECKSUMS)).hasContent(checksums);

    Files.writeString(copy.resolve(Bundle.LABELS), "changed");
    assertThatThrownBy(() -> BundleReport.of(opened).draw())
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("labels.txt has changed");
    assertThat(copy.resolve(Bundle.CHECKSUMS)).hasContent(checksums);
    // The page does not show it.
    BundleReport.of(opened).draw(folder.resolve("page.html"));
    Files.writeString(copy.resolve("metrics.json"), "{}");
    assertThatThrownBy(() -> BundleReport.of(opened).draw(folder.resolve("page.html")))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("metrics.json has changed");
  }

  @Test
  void aBundleWithoutHistoryHasAReportToo() throws IOException {
    Path copy = copy();
    Files.delete(copy.resolve("history-train.csv"));
    assertThat(BundleReport.of(new Bundle(copy)).html()).contains("no history of its training");
    Files.writeString(copy.resolve("report.json"), "{\"format\":\"deepxray-report/9\"}");
    assertThatThrownBy(() -> BundleReport.of(new Bundle(copy)).html())
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("report.json");
  }

  @Test
  void aBrokenQuantizedModelIsRefusedAndTheOthersAreNot() throws IOException {
    Path quantized = folder.resolve("quantize");
    Files.createDirectories(quantized.resolve("reports"));
    TrainedModel model = TrainedModel.load(pipeline.trainFolder());
    // A head whose weights have the wrong sign says the opposite.
    Weights.Builder negated = Weights.builder();
    model
        .head()
        .weights()
        .asMap()
        .forEach(
            (name, tensor) -> {
              float[] values = tensor.toFloats();
              if (name.startsWith("logit/")) {
                for (int i = 0; i < values.length; i++) {
                  values[i] = -values[i];
                }
              }
              negated.put(name, FloatTensor.of(values, tensor.shape()));
            });
    Model broken =
        Passes.forInference()
            .apply(
                new Model(model.model().network(), model.model().weights().plus(negated.build())));
    TfLiteWriter.write(broken, quantized.resolve("model-int8.tflite"));
    LayerReport lost = new LayerReport("net", "int8", "features", 3, 0.5, List.of());
    lost.writeJson(quantized.resolve("layers.json"));
    String hash = model.model().weights().sha256();
    QuantizedForms.Form form =
        new QuantizedForms.Form(
            "int8",
            "model-int8.tflite",
            "a broken one (reads uint8)",
            Optional.of(new Sparsity.Count(10, 7)),
            OptionalDouble.of(0.25),
            List.of("layers.json"));
    Json.write(
        quantized.resolve(QuantizedForms.FILE),
        new QuantizedForms(QuantizedForms.FORMAT, hash, "", List.of(form)));
    BundleWriter writer =
        new BundleWriter(
            new ModelPurpose("broken", "Tells one from the other.", DatasetOrigin.PHANTOMS),
            Map.of(),
            BundleSpec.DEFAULT,
            context());
    Bundle written =
        writer.write(
            model,
            InputGuard.NONE,
            dataset,
            new BundleWriter.Stages(pipeline.evaluationFolder(), quantized, List.of()),
            folder.resolve("bundle"));
    VerificationReport report = BundleVerifier.recorded(written);
    assertThat(report.passed()).isFalse();
    assertThat(report.problems()).isEmpty();
    assertThat(report.parities())
        .filteredOn(parity -> !parity.passed())
        .extracting(Parity::artifact)
        .containsExactly("int8");
    // What says the opposite is as far on the other side of guessing.
    boolean better = new BundleRecords(bundle).metrics().of(Split.TEST, Metric.AUC).value() > 0.5;
    assertThat(report.table())
        .contains("REFUSED  int8, test: AUC differs by " + (better ? "-" : "+"));
    assertThat(written.decision(Artifact.INT8).threshold()).hasValue(0.25);
    assertThat(LayerReport.read(written.folder().resolve("reports/layers.json"))).isEqualTo(lost);
    assertThat(written.folder().resolve("reports/layers.html"))
        .content()
        .contains("Quantization of net");
    assertThat(Files.readString(written.folder().resolve(Bundle.MODEL_CARD)))
        .contains(
            "| a broken one (reads uint8) | 10 | 7 |",
            "**refused**",
            "as integers where the\n  table says so");
    assertThat(Files.readString(written.folder().resolve(BundleReport.FILE)))
        .contains("<a href=\"./reports/layers.html\">", "7 not 0", "✗ refused");
    assertThat(VERIFIER.verify(written, dataset).passed()).isFalse();

    Json.write(
        quantized.resolve(QuantizedForms.FILE),
        new QuantizedForms(QuantizedForms.FORMAT, "0123", "", List.of(form)));
    assertThatThrownBy(
            () ->
                writer.write(
                    model,
                    InputGuard.NONE,
                    dataset,
                    new BundleWriter.Stages(pipeline.evaluationFolder(), quantized, List.of()),
                    folder.resolve("bundle")))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("another classifier");
  }

  @Test
  void aModelThatSaysNoProbabilitiesIsRefused() throws IOException {
    TrainedModel model = TrainedModel.load(pipeline.trainFolder());
    Weights.Builder broken = Weights.builder();
    model
        .head()
        .weights()
        .asMap()
        .forEach(
            (name, tensor) -> {
              float[] values = tensor.toFloats();
              if (name.startsWith("logit/")) {
                Arrays.fill(values, Float.NaN);
              }
              broken.put(name, FloatTensor.of(values, tensor.shape()));
            });
    Path quantized = folder.resolve("quantize");
    Files.createDirectories(quantized);
    TfLiteWriter.write(
        Passes.forInference()
            .apply(
                new Model(model.model().network(), model.model().weights().plus(broken.build()))),
        quantized.resolve("model-int8.tflite"));
    Json.write(
        quantized.resolve(QuantizedForms.FILE),
        new QuantizedForms(
            QuantizedForms.FORMAT,
            model.model().weights().sha256(),
            "",
            List.of(
                new QuantizedForms.Form(
                    "int8",
                    "model-int8.tflite",
                    "NaN",
                    Optional.empty(),
                    OptionalDouble.of(0.5),
                    List.of()))));
    Bundle written =
        new BundleWriter(
                new ModelPurpose("broken", "Tells one from the other.", DatasetOrigin.PHANTOMS),
                Map.of(),
                BundleSpec.DEFAULT,
                context())
            .write(
                model,
                InputGuard.NONE,
                dataset,
                new BundleWriter.Stages(
                    pipeline.evaluationFolder(), quantized, List.of(pipeline.trainFolder())),
                folder.resolve("bundle"));
    assertThat(written.damage()).isEmpty();
    VerificationReport report = BundleVerifier.recorded(written);
    assertThat(report.parities())
        .filteredOn(parity -> !parity.passed())
        .extracting(Parity::artifact)
        .containsExactly("int8");
    assertThat(report.table())
        .containsPattern("REFUSED  int8, validation: cannot be run: a probability of .* is NaN");
    assertThat(Files.readString(written.folder().resolve(Bundle.MODEL_CARD)))
        .contains("| - | - | **refused** |");
    assertThat(Files.readString(written.folder().resolve(BundleReport.FILE)))
        .containsPattern("model-int8.tflite</code> validation: cannot be run: .* is NaN\\.")
        .doesNotContain("null", "NaN–");
    VerificationReport verified = VERIFIER.verify(written, dataset);
    assertThat(verified.problems())
        .hasSize(1)
        .anyMatch(line -> line.matches("int8 cannot be run: a probability of .* is NaN"));
  }

  @Test
  void theModelOfAnotherBundleIsFoundOut() throws IOException {
    TestRun another = another();
    another.evaluate();
    Bundle other =
        another.export(new ModelPurpose("other", "Another.", DatasetOrigin.UNKNOWN), Map.of());
    Path copy = copy();
    Path exchanged = copy.resolve(Bundle.TFLITE_FLOAT32);
    AtomicFiles.write(exchanged, Files.readAllBytes(other.folder().resolve(Bundle.TFLITE_FLOAT32)));
    VerificationReport report = VERIFIER.verify(Bundle.open(copy), dataset);
    assertThat(report.problems())
        .containsExactly(Bundle.TFLITE_FLOAT32 + " has changed since it was written");

    // Even if the checksums are made to fit.
    Path sums = copy.resolve(Bundle.CHECKSUMS);
    Files.writeString(
        sums,
        Files.readString(sums)
            .replace(
                Hashes.sha256(bundle.folder().resolve(Bundle.TFLITE_FLOAT32)),
                Hashes.sha256(exchanged)));
    report = VERIFIER.verify(Bundle.open(copy), dataset);
    assertThat(report.problems()).isEmpty();
    assertThat(report.passed()).isFalse();
    assertThat(report.table()).containsPattern("float32 +test +18 .* REFUSED");
  }

  @Test
  void whatElseIsDamagedIsReported() throws IOException {
    Path copy = copy();
    Files.writeString(copy.resolve("metrics.json"), "{}");
    Files.write(copy.resolve(Bundle.SAVED_MODEL + "/saved_model.pb"), new byte[10]);
    VerificationReport report = VERIFIER.verify(Bundle.open(copy), dataset);
    assertThat(report.passed()).isFalse();
    assertThat(report.table())
        .contains("metrics.json has changed", "saved_model.pb has changed")
        .contains("no artifact was run");

    AtomicFiles.write(
        copy.resolve("metrics.json"), Files.readAllBytes(bundle.folder().resolve("metrics.json")));
    report = VERIFIER.verify(Bundle.open(copy), dataset);
    assertThat(report.problems())
        .hasSize(2)
        .anyMatch(line -> line.contains("saved_model cannot be run"));
    assertThat(report.parities()).hasSize(2);
  }

  @Test
  void anotherDataSetAndAFolderThatIsNoBundleAreRefused() throws IOException {
    TestRun elsewhere = TestRun.in(folder.resolve("out"));
    PreparedDataset other = elsewhere.prepare(home.resolve("phantoms"), OPTIONS.withSeed(9));
    assertThatThrownBy(() -> VERIFIER.verify(bundle, other))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining(other.folder().toString())
        .hasMessageContaining("--data");
    assertThatThrownBy(() -> Bundle.open(folder))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining(folder.toString());
  }

  @Test
  void metricsOfAnotherModelAreNotExported() throws IOException {
    TestRun another = another();
    AtomicFiles.deleteRecursively(another.evaluationFolder());
    assertThatThrownBy(
            () ->
                another.export(
                    new ModelPurpose("other", "Another.", DatasetOrigin.UNKNOWN), Map.of()))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("run the evaluate command");
    Files.createDirectories(another.evaluationFolder());
    Files.copy(
        pipeline.evaluationFolder().resolve("metrics.json"),
        another.evaluationFolder().resolve("metrics.json"));
    assertThatThrownBy(
            () ->
                another.export(
                    new ModelPurpose("other", "Another.", DatasetOrigin.UNKNOWN), Map.of()))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("another model");
  }
}
