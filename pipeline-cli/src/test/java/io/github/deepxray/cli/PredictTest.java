package io.github.deepxray.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.classify.ArtifactReport;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.datasets.XrayRecord;
import io.github.deepxray.optimize.internal.Passes;
import io.github.deepxray.report.internal.BundleRecords;
import io.github.deepxray.testkit.InCi;
import io.github.deepxray.testkit.ReferenceInterpreter;
import io.github.deepxray.testkit.SharedData;
import io.github.deepxray.tflite.internal.TfLiteWriter;
import io.github.deepxray.train.TrainedModel;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PredictTest {
  @TempDir Path folder;

  /** Writes the test images of the run, and says what the trained model measured on each. */
  private Map<Path, Double> testImages(Path target) throws IOException {
    Map<String, Double> measured = new HashMap<>();
    BundleRecords records = new BundleRecords(new Bundle(SmallRun.bundle()));
    for (ScoredExample e : records.predictions("test", records.metrics()).scores().examples()) {
      measured.put(e.id(), e.score(1));
    }
    Map<Path, Double> files = new HashMap<>();
    for (XrayRecord record :
        PreparedDataset.open(SmallRun.out().resolve("data")).readAll(Split.TEST)) {
      Path file = target.resolve(record.filename());
      Files.createDirectories(file.getParent());
      Files.write(file, record.image());
      files.put(file, measured.get(record.filename()));
    }
    return files;
  }

  private static Map<Path, Double> probabilities(String json) {
    Map<Path, Double> values = new HashMap<>();
    for (JsonNode row : Json.parse(json, "predict")) {
      values.put(Path.of(row.path("file").asText()), row.path("probability").doubleValue());
    }
    return values;
  }

  @ParameterizedTest
  @ValueSource(strings = {"float32", "saved_model"})
  void saysWhatTheTrainedModelSaid(String artifact) throws IOException {
    Map<Path, Double> expected = testImages(folder);
    Outcome outcome =
        Outcome.of(
            "predict", SmallRun.bundle(), folder, "--artifact", artifact, "--format", "json");
    assertThat(outcome.code()).as(outcome.err()).isZero();
    Map<Path, Double> actual = probabilities(outcome.out());
    assertThat(actual).hasSameSizeAs(expected);
    expected.forEach(
        (file, probability) -> assertThat(actual.get(file)).isCloseTo(probability, within(1e-4)));
  }

  @Test
  void readsGreyAndDeepImagesAndReportsBadOnes() throws IOException {
    BufferedImage grey = new BufferedImage(300, 200, BufferedImage.TYPE_BYTE_GRAY);
    BufferedImage deep = new BufferedImage(300, 200, BufferedImage.TYPE_USHORT_GRAY);
    for (int y = 0; y < 200; y++) {
      for (int x = 0; x < 300; x++) {
        int value = (x * y) & 255;
        grey.getRaster().setSample(x, y, 0, value);
        deep.getRaster().setSample(x, y, 0, value * 257);
      }
    }
    ImageIO.write(grey, "png", folder.resolve("a.png").toFile());
    ImageIO.write(deep, "png", folder.resolve("b.png").toFile());
    Files.writeString(folder.resolve("c,\"c.png"), "not an image");
    Files.writeString(folder.resolve("notes.txt"), "no image and not named as one");
    Path missing = folder.resolve("missing.jpeg");

    Outcome csv =
        Outcome.of(
            "predict", SmallRun.bundle(), missing, folder, folder.resolve("a.png"), "--format=csv");
    assertThat(csv.code()).isEqualTo(1);
    assertThat(csv.errLines())
        .hasSize(3)
        .allMatch(line -> line.startsWith("deepxray: "))
        .contains("deepxray: skipped files of the folders that are not images: 1 .txt.")
        .anyMatch(line -> line.contains("c,\"c.png"))
        .anyMatch(line -> line.contains("missing.jpeg"));
    List<String> rows = csv.out().lines().toList();
    assertThat(rows.get(0))
        .isEqualTo(
            "file,label,probability,threshold,probability_0,probability_1,unfamiliarity,unfamiliar");
    assertThat(rows).hasSize(4);
    assertThat(rows.get(1)).matches(".*,0\\.\\d{6},(true|false)");
    assertThat(rows.get(3)).isEqualTo(rows.get(1));
    // The high byte of the deep image is the grey one.
    assertThat(rows.get(2).replace("b.png", "a.png")).isEqualTo(rows.get(1));

    Outcome table = Outcome.of("predict", SmallRun.bundle(), folder.resolve("a.png"));
    assertThat(table.code()).isZero();
    assertThat(table.out().lines().map(line -> line.strip().split(" +").length))
        .containsExactly(4, 4);
  }

  @Test
  void theSummaryCountsTheTableAndComparesWithValidation() throws IOException {
    testImages(folder);
    Outcome plain = Outcome.of("predict", SmallRun.bundle(), folder, "--format", "json");
    Outcome json =
        Outcome.of("predict", SmallRun.bundle(), folder, "--format", "json", "--summary");
    assertThat(json.code()).as(json.err()).isZero();
    assertThat(json.out()).isEqualTo(plain.out());
    JsonNode rows = Json.parse(json.out(), "predict");
    long positive = 0;
    double sum = 0;
    for (JsonNode row : rows) {
      positive += row.path("label").asText().equals("PNEUMONIA") ? 1 : 0;
      sum += row.path("probability").doubleValue();
    }
    assertThat(json.err())
        .contains(rows.size() + " images: NORMAL " + (rows.size() - positive) + " (")
        .contains("PNEUMONIA " + positive + " (")
        .containsPattern(
            "(?m)^probability +%.3f +\\d+\\.\\d{3} +\\d+\\.\\d{3}  [a-z ]+$"
                .formatted(sum / rows.size()))
        .containsPattern("(?m)^decision +\\d+\\.\\d{3} +\\d+\\.\\d{3}  [a-z ]+$")
        // The images of the data set are smaller than those of the archive.
        .containsPattern("(?m)^width +64\\.000 .*  large$")
        .contains("There are few images or reference patients");

    Path image = testImages(folder).keySet().iterator().next();
    Outcome threshold =
        Outcome.of("predict", SmallRun.bundle(), image, "--threshold", 1, "--summary");
    assertThat(threshold.err()).contains("1 image: NORMAL 1 (100.0 %), PNEUMONIA 0 (0.0 %)");
    assertThat(threshold.err()).containsPattern("(?m)^decision$");
    Path tflite = SmallRun.bundle().resolve(Bundle.TFLITE_FLOAT32);
    Outcome alone = Outcome.of("predict", tflite, image, "--summary");
    assertThat(alone.err()).contains(tflite + " is no bundle, so there is nothing");
    assertThat(alone.err()).doesNotContain("no more than by chance");
  }

  /** The unfamiliarity of each test image by the definition of the layers. */
  private Map<Path, Double> unfamiliarity(Path target) throws IOException {
    ReferenceInterpreter interpreter = new ReferenceInterpreter(SmallRun.guardedModel());
    Map<Path, Double> values = new TreeMap<>();
    for (Path file : testImages(target).keySet().stream().sorted().limit(4).toList()) {
      float[] input = new float[SmallRun.SIZE * SmallRun.SIZE * 3];
      ImageCodec.decode(Files.readAllBytes(file), "test").copyTo(input, 0);
      values.put(file, interpreter.run(input).get("unfamiliarity")[0]);
    }
    return values;
  }

  @Test
  void warnsOfImagesUnlikeTheTrainingImages() throws IOException {
    Map<Path, Double> expected = unfamiliarity(folder.resolve("images"));
    List<Double> ascending = expected.values().stream().sorted().toList();
    double limit = (ascending.get(2) + ascending.get(3)) / 2;
    Path far =
        expected.keySet().stream().filter(f -> expected.get(f) > limit).findFirst().orElseThrow();
    Path bundle = SmallRun.writeGuarded(folder.resolve("bundle"), limit);
    List<Object> arguments = new ArrayList<>(List.of("predict", bundle));
    arguments.addAll(expected.keySet());

    Outcome table = Outcome.of(arguments.toArray());
    assertThat(table.code()).as(table.err()).isZero();
    assertThat(table.out().lines().filter(line -> line.contains("unlike")))
        .singleElement()
        .satisfies(
            line ->
                assertThat(line)
                    .startsWith(far.toString())
                    .endsWith("  unlike the training images: do not use the result"));
    assertThat(table.err())
        .isEqualTo(
            "deepxray: 1 of 4 images are unlike the training images: do not use the result.%n"
                .formatted());

    Outcome json = Outcome.of(with(arguments, "--format", "json", "--strict"));
    assertThat(json.code()).isEqualTo(1);
    assertThat(json.err()).isEqualTo(table.err());
    for (JsonNode row : Json.parse(json.out(), "predict")) {
      double value = expected.get(Path.of(row.path("file").asText()));
      assertThat(row.path("unfamiliarity").doubleValue()).isCloseTo(value, within(1e-4));
      assertThat(row.path("unfamiliarityLimit").doubleValue()).isEqualTo(limit);
      assertThat(row.path("unfamiliar").booleanValue()).isEqualTo(value > limit);
    }

    Outcome csv = Outcome.of(with(arguments, "--format", "csv", "--summary"));
    assertThat(csv.code()).isZero();
    assertThat(csv.out().lines().filter(line -> line.matches(".*,0\\.\\d{6},true"))).hasSize(1);
    assertThat(csv.out().lines().filter(line -> line.matches(".*,0\\.\\d{6},false"))).hasSize(3);
    assertThat(csv.err())
        .contains(
            "%nunlike the training images: 1, 25.0 %% (of the validation images 0.0 %%)%n"
                .formatted())
        .endsWith(table.err());

    arguments.remove(far);
    Outcome good = Outcome.of(with(arguments, "--strict"));
    assertThat(good.code()).isZero();
    assertThat(good.err()).isEmpty();
  }

  private static Object[] with(List<Object> arguments, Object... more) {
    return Stream.concat(arguments.stream(), Stream.of(more)).toArray();
  }

  @Test
  void strictNeedsAnInputGuard() throws IOException {
    Path file = folder.resolve("plain.tflite");
    TfLiteWriter.write(
        Passes.forInference().apply(TrainedModel.load(SmallRun.out().resolve("train")).model()),
        file);
    assertThat(Outcome.of("predict", file, SmallRun.anImage()).errLines())
        .containsExactly(
            "deepxray: "
                + file
                + " has no input guard: it also classifies images that are unlike the training"
                + " images.");
    Outcome outcome = Outcome.of("predict", file, SmallRun.anImage(), "--strict");
    assertThat(outcome.code()).isEqualTo(2);
    assertThat(outcome.out()).isEmpty();
    assertThat(outcome.err()).contains("--strict needs a model with an input guard, which ");
  }

  @Test
  void decidesByTheThresholdThatIsGiven() throws IOException {
    Path image = testImages(folder).keySet().iterator().next();
    assertThat(Outcome.of("predict", SmallRun.bundle(), image, "--threshold", 0).out())
        .contains("PNEUMONIA");
    assertThat(Outcome.of("predict", SmallRun.bundle(), image, "--threshold", 1).out())
        .contains("NORMAL");
    Path tflite = SmallRun.bundle().resolve(Bundle.TFLITE_FLOAT32);
    assertThat(Outcome.of("predict", tflite, image, "--format", "csv").out()).contains("0.500000");
    Path savedModel = SmallRun.bundle().resolve(Bundle.SAVED_MODEL);
    Outcome alone = Outcome.of("predict", savedModel, image);
    assertThat(alone.code()).isZero();
    // It lies in its bundle, which names the classes.
    assertThat(alone.out()).containsPattern(" (NORMAL|PNEUMONIA) ");
  }

  @Test
  void correctsTheProbabilitiesForThePrevalence() throws IOException {
    Path image = testImages(folder).keySet().iterator().next();
    Path calibrated = folder.resolve("bundle");
    for (String file : List.of(Bundle.LABELS, Bundle.TFLITE_FLOAT32)) {
      Files.createDirectories(calibrated);
      Files.copy(SmallRun.bundle().resolve(file), calibrated.resolve(file));
    }
    ArtifactReport.write(
        calibrated.resolve(ArtifactReport.FILE),
        new ArtifactReport.All(
            Fit.STRETCH, OptionalDouble.of(0.5), new Bundle(SmallRun.bundle()).artifacts()));
    Files.writeString(calibrated.resolve(Bundle.CHECKSUMS), Bundle.checksums(calibrated));
    Outcome before = Outcome.of("predict", calibrated, image, "--format", "json");
    Outcome rare =
        Outcome.of("predict", calibrated, image, "--format", "json", "--prevalence", "0.01");
    assertThat(rare.code()).as(rare.err()).isZero();
    double odds = probabilities(before.out()).get(image);
    odds = odds / (1 - odds) / 99;
    assertThat(probabilities(rare.out()).get(image)).isCloseTo(odds / (1 + odds), within(1e-6));
    assertThat(Json.parse(rare.out(), "predict").get(0).path("label"))
        .isEqualTo(Json.parse(before.out(), "predict").get(0).path("label"));
    // Its validation split has too few patients for a calibration.
    Outcome uncalibrated = Outcome.of("predict", SmallRun.bundle(), image, "--prevalence", "0.1");
    assertThat(uncalibrated.code()).isEqualTo(1);
    assertThat(uncalibrated.err()).contains("no calibrated probabilities");
    Outcome wrong = Outcome.of("predict", SmallRun.bundle(), image, "--prevalence", "1");
    assertThat(wrong.code()).isEqualTo(2);
    assertThat(wrong.err()).contains("--prevalence must lie between 0 and 1, not be 1.0.");
  }

  @Test
  void whatIsNoModelIsNamed() throws IOException {
    Path image = testImages(folder).keySet().iterator().next();
    for (Path model : List.of(image, SmallRun.out(), SmallRun.bundle().resolve("labels.txt"))) {
      Outcome outcome = Outcome.of("predict", model, image);
      assertThat(outcome.code()).isEqualTo(1);
      assertThat(outcome.errLines()).hasSize(1);
      assertThat(outcome.err()).contains(model.toString());
    }
    // A heat map is no input guard.
    Outcome explaining = Outcome.of("predict", SmallRun.bundle().resolve(Bundle.EXPLAIN), image);
    assertThat(explaining.code()).isEqualTo(1);
    assertThat(explaining.errLines())
        .singleElement()
        .satisfies(
            line ->
                assertThat(line)
                    .contains(
                        "model-explain.tflite reads [64, 64, 3] and writes [[1], [2, 2, 1]];"));
  }

  @Test
  void throughTfLiteNoTensorFlowIsLoadedAndItStartsFast() throws Exception {
    Path image = testImages(folder).keySet().iterator().next();
    Path classes = folder.resolve("classes.log");
    Path log = folder.resolve("log");
    long start = System.nanoTime();
    Process process =
        Outcome.fork(
            log, List.of("-Xlog:class+load:file=" + classes), "predict", SmallRun.bundle(), image);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    double seconds = (System.nanoTime() - start) / 1e9;
    assertThat(process.exitValue()).as(Files.readString(log)).isZero();
    assertThat(Files.readString(classes))
        .contains("org.bytedeco.tensorflowlite.")
        .doesNotContainPattern(" org\\.tensorflow\\.(?!lite\\.)")
        .doesNotContain("SavedModelEngine", "TensorFlowEngine");
    // 1.5 s on a quiet machine; this one may be busy.
    assertThat(seconds).isLessThan(15);
  }

  /** But for what TensorFlow and TensorFlow Lite write past the level that one can set. */
  @ParameterizedTest
  @CsvSource({"'', '', false", "--verbose, '', true", "'', 0, true"})
  void whatTensorFlowLogsIsShownToWhoAsksForIt(String option, String level, boolean shown)
      throws Exception {
    Path image = testImages(folder).keySet().iterator().next();
    Path log = folder.resolve("log");
    List<Object> arguments =
        new ArrayList<>(List.of("predict", SmallRun.bundle(), image, "--artifact", "saved_model"));
    Stream.of(option).filter(word -> !word.isEmpty()).forEach(arguments::add);
    ProcessBuilder command = Outcome.process(log, List.of(), arguments.toArray());
    command.environment().remove("TF_CPP_MIN_LOG_LEVEL");
    if (!level.isEmpty()) {
      command.environment().put("TF_CPP_MIN_LOG_LEVEL", level);
    }
    assertThat(command.start().waitFor()).as(Files.readString(log)).isZero();
    assertThat(Files.readString(log).contains("Reading SavedModel from")).isEqualTo(shown);
  }

  @InCi
  @Test
  void fullResolutionImagesGiveTheSameThroughTfLiteAndSavedModel() {
    Path images = SharedData.fullResolution();
    Outcome tflite = Outcome.of("predict", SmallRun.bundle(), images, "--format", "json");
    Outcome savedModel =
        Outcome.of(
            "predict", SmallRun.bundle(), images, "--format", "json", "--artifact", "saved_model");
    assertThat(tflite.code()).as(tflite.err()).isZero();
    assertThat(savedModel.code()).as(savedModel.err()).isZero();
    Map<Path, Double> expected = probabilities(savedModel.out());
    assertThat(expected).hasSize(6);
    probabilities(tflite.out())
        .forEach(
            (file, probability) ->
                assertThat(probability).isCloseTo(expected.get(file), within(1e-3)));
  }
}
