package io.github.deepxray.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.classify.ArtifactReport;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.metrics.Decision;
import io.github.deepxray.core.metrics.Evaluation;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.datasets.Slice;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.datasets.phantom.Phantom;
import io.github.deepxray.report.ExternalValidation;
import io.github.deepxray.report.internal.BundleRecords;
import io.github.deepxray.serve.ModelServer;
import io.github.deepxray.serve.ServerOptions;
import io.github.deepxray.testkit.InCi;
import io.github.deepxray.train.ModelMetrics;
import io.github.deepxray.train.TrainedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three classes from images to a served bundle. */
@InCi
class MulticlassTest {
  private static final List<String> CLASSES = List.of("clear", "patchy", "sideways");
  private static final int SIZE = 150;

  @TempDir static Path folder;

  private static Path out;
  private static Path bundle;
  private static Outcome run;

  @BeforeAll
  static void run() throws IOException {
    images("train", 96, 1);
    images("test", 8, 2);
    out = folder.resolve("out");
    bundle = out.resolve("bundle");
    run =
        Outcome.of(
            "run",
            "--data",
            folder.resolve("images"),
            "--weights",
            SmallRun.weights(),
            "--out",
            out,
            "--head",
            "logistic",
            "--views",
            1,
            "--epochs",
            40,
            "--validation-fraction",
            0.25,
            "--fine-tune",
            "top",
            "--fine-tune-epochs",
            1,
            "--fine-tune-views",
            1,
            "--quantize",
            "int8,float16",
            "--calibration-images",
            8,
            "--no-bias-correction",
            "--allow-unblessed",
            "--keras",
            "--backbone",
            SmallRun.BACKBONE,
            "--image-size",
            128,
            "--seed",
            5);
    assertThat(run.code()).as(run.err() + run.out()).isZero();
  }

  private static void images(String split, int count, long seed) throws IOException {
    for (String name : CLASSES) {
      for (int i = 0; i < count; i++) {
        Slice slice = name.equals("patchy") ? Slice.BACTERIAL : Slice.NORMAL;
        RgbImage drawn = Phantom.draw(slice, seed, 100 * CLASSES.indexOf(name) + i, 1, SIZE);
        AtomicFiles.write(
            folder.resolve("images").resolve(split).resolve(name).resolve(i + ".jpeg"),
            ImageCodec.encodeJpeg(name.equals("sideways") ? turned(drawn) : drawn, 90));
      }
    }
  }

  private static RgbImage turned(RgbImage image) {
    float[] pixels = new float[SIZE * SIZE * 3];
    image.copyTo(pixels, 0);
    byte[] turned = new byte[pixels.length];
    for (int y = 0; y < SIZE; y++) {
      for (int x = 0; x < SIZE; x++) {
        for (int c = 0; c < 3; c++) {
          turned[(y * SIZE + x) * 3 + c] = (byte) (int) pixels[(x * SIZE + y) * 3 + c];
        }
      }
    }
    return RgbImage.of(SIZE, SIZE, turned);
  }

  private static Path testImage(String name) {
    return folder.resolve("images").resolve("test").resolve(name).resolve("3.jpeg");
  }

  @Test
  void theBundleTellsThreeClassesApart() throws IOException {
    Bundle written = Bundle.open(bundle);
    assertThat(written.labels()).isEqualTo(CLASSES);
    assertThat(written.damage()).isEmpty();
    ModelMetrics metrics = new BundleRecords(written).metrics();
    Evaluation test = metrics.of(Split.TEST);
    assertThat(test.images()).containsExactly(8L, 8L, 8L);
    // Guessing finds a third.
    assertThat(metrics.of(Split.TEST, Metric.ACCURACY).value()).isGreaterThan(0.6);
    assertThat(metrics.of(Split.TEST, Metric.AUC).value()).isGreaterThan(0.75);
    List<ScoredExample> said =
        new BundleRecords(written).predictions("test", metrics).scores().examples();
    long right =
        said.stream().filter(e -> Decision.MOST_PROBABLE.decide(e.scores()) == e.label()).count();
    assertThat(right / 24.0)
        .isCloseTo(metrics.of(Split.TEST, Metric.ACCURACY).value(), within(1e-12));
    assertThat(said)
        .allMatch(e -> e.id().contains("/" + CLASSES.get(e.label()) + "/"))
        .allMatch(e -> Math.abs(e.scores().stream().mapToDouble(p -> p).sum() - 1) < 1e-5);
    assertThat(Files.readString(bundle.resolve("predictions-test.csv")))
        .startsWith("filename,label,slice,patient,probability_0,probability_1,probability_2\n");
    assertThat(written.artifacts())
        .extracting(ArtifactReport::artifact)
        .containsExactly("saved_model", "float32", "float16", "dynamic", "int8");
    assertThat(written.artifacts())
        .allMatch(a -> a.threshold().isEmpty())
        .filteredOn(a -> !a.artifact().equals("int8") && !a.artifact().equals("dynamic"))
        .allMatch(a -> a.verdict().blessed());
    assertThat(Files.readString(bundle.resolve("artifacts.json"))).doesNotContain("threshold");
    TrainedModel model = TrainedModel.load(out.resolve("finetune"));
    assertThat(model.description().classes()).isEqualTo(3);
    assertThat(model.description().fineTuning()).isPresent();
    assertThat(model.model().network().outputs()).containsExactly("probabilities");
    assertThat(Files.readString(out.resolve("finetune/training.json")))
        .contains("classShares")
        .doesNotContain("positiveShare", "targetSensitivity");
  }

  @Test
  void cardAndReportSpeakOfTheClasses() throws IOException {
    String card = Files.readString(bundle.resolve(Bundle.MODEL_CARD));
    String page = Files.readString(bundle.resolve("report.html"));
    // Names of files tell nothing of these images' patients.
    for (String text : List.of(card, page)) {
      assertThat(text)
          .contains("No known patient and no identical image")
          .containsPattern("Images whose patient is unknown: [1-9]");
    }
    for (String name : CLASSES) {
      assertThat(card).contains(name);
      assertThat(page).contains("roc-" + CLASSES.indexOf(name)).contains(name);
    }
    assertThat(card).contains("`probabilities` `[N, 3]`", "macro AUC");
    for (String text : List.of(card, page, run.out())) {
      // Pictures are text by chance.
      assertThat(text.replaceAll("base64,[A-Za-z0-9+/=]*", ""))
          .doesNotContain("pneumonia", "PNEUMONIA", "NaN", "Optional")
          .doesNotContain("null");
    }
    assertThat(run.out()).contains("balanced accuracy", "the most probable of 3 classes");
    assertThat(page).contains("pr-2", "id=\"mistakes\"", "data:image/jpeg;base64,");
    // Each layer's noise, as of two classes.
    assertThat(bundle.resolve("reports/layers-int8.html")).isNotEmptyFile();
    Outcome drawn = Outcome.of("report", bundle, "--out", folder.resolve("page.html"));
    assertThat(drawn.code()).as(drawn.err()).isZero();
    assertThat(folder.resolve("page.html")).content().isEqualTo(page);
  }

  @Test
  void verifyAndCompareReadIt() {
    Outcome verified = Outcome.of("verify", bundle, "--data", out.resolve("data"));
    assertThat(verified.out()).as(verified.err()).contains("saved_model", "int8");
    assertThat(verified.out()).doesNotContain("cannot be run");
    Outcome compared = Outcome.of("compare", bundle, "--turns", 0, "--format", "csv");
    assertThat(compared.code()).as(compared.err()).isZero();
    assertThat(compared.out().lines()).hasSize(6);
  }

  @Test
  void predictSaysTheMostProbableAndAllProbabilities() throws IOException {
    BundleRecords records = new BundleRecords(Bundle.open(bundle));
    SplitScores trained = records.predictions("test", records.metrics()).scores();
    for (String form : List.of("float32", "saved_model", "int8")) {
      for (String name : CLASSES) {
        JsonNode said = predict("--artifact", form, bundle, testImage(name));
        ScoredExample expected =
            trained.examples().stream()
                .filter(e -> e.id().equals("test/" + name + "/3.jpeg"))
                .findFirst()
                .orElseThrow();
        double greatest = 0;
        for (int c = 0; c < 3; c++) {
          double p = said.path("probabilities").path(CLASSES.get(c)).doubleValue();
          greatest = Math.max(greatest, p);
          if (!form.equals("int8")) {
            // The image was stored once more as JPEG, at the size of the network.
            assertThat(p).isCloseTo(expected.score(c), within(0.1));
          }
        }
        assertThat(said.path("probability").doubleValue()).isEqualTo(greatest);
        assertThat(said.path("probabilities").path(said.path("label").asText()).doubleValue())
            .isEqualTo(greatest);
        assertThat(said.has("threshold")).isFalse();
      }
    }
    // A file by itself knows the names, too.
    JsonNode alone = predict(bundle.resolve(Bundle.TFLITE_FLOAT32), testImage("sideways"));
    assertThat(CLASSES).contains(alone.path("label").asText());
    Outcome csv = Outcome.of("predict", bundle, testImage("clear"), "--format", "csv");
    assertThat(csv.out())
        .startsWith(
            "file,label,probability,threshold,probability_0,probability_1,probability_2,"
                + "unfamiliarity,unfamiliar\n");
    Outcome table = Outcome.of("predict", bundle, testImage("clear"));
    assertThat(table.out().lines().findFirst().orElseThrow()).doesNotContain("threshold");
  }

  /** Three classes are repeated and compared, too. */
  @Test
  void headsAndExperimentsAreCompared() throws IOException {
    Path images = folder.resolve("images");
    Outcome repeated =
        Outcome.of(
            "repeat",
            "--data",
            images,
            "--weights",
            SmallRun.weights(),
            "--backbone",
            SmallRun.BACKBONE,
            "--image-size",
            128,
            "--heads",
            "logistic",
            "--seeds",
            5,
            "--cache",
            out.resolve("cache"),
            "--out",
            folder.resolve("repeats"));
    assertThat(repeated.code()).as(repeated.err()).isZero();
    assertThat(repeated.out()).contains("| logistic | 1 | ");
    assertThat(folder.resolve("repeats/comparison.csv"))
        .content()
        .startsWith("experiment,seeds,failed,validation_auc,")
        .contains("test_matthews_correlation");
    Path grid = folder.resolve("grid.yaml");
    Files.writeString(
        grid,
        """
        data: %s
        weights: %s
        seeds: [5]
        options: {backbone: %s, image-size: 128, head: logistic, views: 1}
        grid: {epochs: [2, 3]}
        """
            .formatted(images, SmallRun.weights(), SmallRun.BACKBONE));
    Outcome compared =
        Outcome.of(
            "compare",
            grid,
            "--out",
            folder.resolve("grid"),
            "--cache",
            out.resolve("cache"),
            "--no-latency");
    assertThat(compared.code()).as(compared.err()).isZero();
    assertThat(compared.out()).contains("| epochs-2 | 1 | ", "| epochs-3 | 1 | ");
    assertThat(folder.resolve("grid/comparison.html")).content().doesNotContain("pneumonia");
  }

  private static JsonNode predict(Object... arguments) throws IOException {
    Object[] all = new Object[arguments.length + 3];
    all[0] = "predict";
    all[1] = "--format";
    all[2] = "json";
    System.arraycopy(arguments, 0, all, 3, arguments.length);
    Outcome outcome = Outcome.of(all);
    assertThat(outcome.code()).as(outcome.err()).isZero();
    return Json.parse(outcome.out(), "predict").get(0);
  }

  @Test
  void explainAndServeReadIt() throws IOException {
    Path pictures = folder.resolve("pictures");
    Outcome explained = Outcome.of("explain", bundle, testImage("patchy"), "--out", pictures);
    assertThat(explained.code()).as(explained.err()).isZero();
    JsonNode entry = Json.read(pictures.resolve("explanations.json")).path("images").get(0);
    assertThat(CLASSES).contains(entry.path("label").asText());
    assertThat(entry.has("threshold")).isFalse();
    double expected =
        predict(bundle, testImage("patchy")).path("probabilities").path("clear").doubleValue();
    try (ModelServer server =
        ModelServer.start(bundle, ServerOptions.DEFAULT.withPort(0).withWorkers(1), line -> {})) {
      // The first of the three.
      assertThat(Served.predict(server, List.of(testImage("patchy"))).get(0))
          .isCloseTo(expected, within(0.1));
    }
  }

  @Test
  void otherImagesAreEvaluated() throws IOException {
    Path to = folder.resolve("external");
    Outcome outcome =
        Outcome.of(
            "evaluate", bundle, "--data", out.resolve("data"), "--split", "test", "--out", to);
    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(outcome.out())
        .contains("the most probable class is decided for", "macro AUC", "probability of sideways");
    ExternalValidation result = ExternalValidation.read(to.resolve(ExternalValidation.FILE));
    assertThat(result.reliability()).containsOnlyKeys(CLASSES.toArray(String[]::new));
    for (Metric metric : Metric.values()) {
      assertThat(result.reference().difference(metric).value()).isCloseTo(0, within(1e-5));
    }
    assertThat(Files.readString(to.resolve("external-report.html")))
        .contains("Macro is the mean over the classes", "<h3>patchy</h3>");
  }

  @Test
  void whatNeedsTwoClassesIsRefusedInOneLine() {
    refused(
        "--target-sensitivity chooses a threshold between two classes; with 3",
        "train",
        "--weights",
        SmallRun.weights(),
        "--backbone",
        SmallRun.BACKBONE,
        "--out",
        out,
        "--target-sensitivity",
        0.9);
    refused(
        "--target-prevalence chooses a threshold",
        "run",
        "--data",
        folder.resolve("images"),
        "--classes",
        "clear,patchy,sideways",
        "--weights",
        SmallRun.weights(),
        "--backbone",
        SmallRun.BACKBONE,
        "--out",
        folder.resolve("other"),
        "--target-prevalence",
        0.2);
    refused(
        "--threshold decides between two classes",
        "predict",
        bundle,
        testImage("clear"),
        "--threshold",
        0.5);
    assertThat(folder.resolve("other")).doesNotExist();
  }

  private static void refused(String words, Object... arguments) {
    Outcome outcome = Outcome.of(arguments);
    assertThat(outcome.code()).as(outcome.out() + outcome.err()).isEqualTo(2);
    assertThat(outcome.errLines().stream().filter(line -> line.startsWith("deepxray: ")))
        .hasSize(1)
        .allMatch(line -> line.contains(words));
  }
}
