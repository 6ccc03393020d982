package io.github.deepxray.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.classify.ArtifactReport;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.classify.Classifier;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.metrics.Comparison;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.testkit.InCi;
import io.github.deepxray.train.ModelMetrics;
import io.github.deepxray.train.Predictions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Grids of experiments on drawn phantoms, from the file that describes them to the tables. */
class CompareTest {
  private static final List<String> NAMES =
      List.of("logistic_views-1", "logistic_views-2", "original_views-1", "original_views-2");
  private static final List<String> FILES =
      List.of("comparison.csv", "comparison.json", "comparison.html");

  @TempDir static Path folder;
  private static Path grid;
  private static Path out;
  private static Outcome first;

  @BeforeAll
  static void runAGrid() throws IOException {
    out = folder.resolve("out");
    grid =
        Files.writeString(
            folder.resolve("grid.yaml"),
            common("[5, 6]") + "grid: {head: [logistic, original], views: [1, 2]}\n");
    first = Outcome.of("compare", grid, "--out", out, "--no-latency");
  }

  /** The options of the run that all tests share, and its embeddings. */
  private static String common(String seeds) {
    return String.join(
        "\n",
        "data: '" + SmallRun.archive() + "'",
        "cache: '" + SmallRun.out().resolve("cache") + "'",
        "weights: {" + SmallRun.BACKBONE + ": '" + SmallRun.weights() + "'}",
        "seeds: " + seeds,
        "options:",
        "  epochs: 40",
        "  validation-fraction: 0.25",
        "  records-per-shard: 16",
        "  backbone: " + SmallRun.BACKBONE,
        "  tensorboard: false",
        "");
  }

  private static Path run(Path out, String name, long seed) {
    return out.resolve("experiments").resolve(name).resolve("seed-" + seed);
  }

  private static ModelMetrics metrics(Path run) throws IOException {
    return ModelMetrics.read(run.resolve("evaluation/metrics.json"));
  }

  private static Comparison comparison(Path reference, Path candidate) throws IOException {
    String file = "evaluation/" + Predictions.fileName("test");
    return Comparison.of(
        Predictions.read(reference.resolve(file)).scores(),
        metrics(reference).decision().decision(),
        Predictions.read(candidate.resolve(file)).scores(),
        metrics(candidate).decision().decision(),
        0);
  }

  private static double mean(Metric metric, Comparison one, Comparison other) {
    return (one.difference(metric).value() + other.difference(metric).value()) / 2;
  }

  private static JsonNode experiment(Path out, String name) throws IOException {
    for (JsonNode experiment : Json.read(out.resolve("comparison.json")).path("experiments")) {
      if (experiment.path("name").asText().equals(name)) {
        return experiment;
      }
    }
    throw new AssertionError("no experiment " + name);
  }

  private static Map<String, String> contents(Path out) throws IOException {
    Map<String, String> contents = new TreeMap<>();
    for (String file : FILES) {
      contents.put(file, Files.readString(out.resolve(file)));
    }
    return contents;
  }

  @Test
  void everyCombinationIsTrainedWithEverySeed() throws IOException {
    assertThat(first.code()).as(first.err()).isZero();
    for (String name : NAMES) {
      assertThat(first.out()).contains("\n| " + name + " | 2 | ");
      assertThat(experiment(out, name).path("runs")).hasSize(2);
    }
    assertThat(first.out()).contains("Choose by validation, not by test", "over the seeds 5, 6");
    assertThat(out.resolve("data")).isDirectoryContaining("glob:**seed-5-" + SmallRun.SIZE + "px");
    assertThat(out.resolve("cache")).doesNotExist();
    assertThat(Files.readString(run(out, "original_views-2", 6).resolve("run.yaml")))
        .contains("head: \"original\"", "views: 2", "seed: 6", "epochs: 40");
  }

  @Test
  void anExperimentIsTheRunOfItsOptions() throws IOException {
    Path same = run(out, "logistic_views-1", 5);
    for (String file :
        List.of(
            "evaluation/metrics.json",
            "evaluation/predictions-test.csv",
            "train/model.safetensors")) {
      assertThat(same.resolve(file)).hasSameBinaryContentAs(SmallRun.out().resolve(file));
    }
    // Its model is that of the run without the input guard.
    Path file = same.resolve(Bundle.TFLITE_FLOAT32);
    try (Classifier alone = Classifier.open(file);
        Classifier guarded = Classifier.open(SmallRun.bundle())) {
      Path image = SmallRun.anImage();
      assertThat(alone.classify(image).probability())
          .isEqualTo(guarded.classify(image).probability());
      assertThat(alone.unfamiliarityLimit()).isEmpty();
    }
    assertThat(experiment(out, "logistic_views-1").path("runs").get(0).path("size"))
        .isEqualTo(Json.parse(Json.compact(ArtifactReport.FileSizes.of(file)), ""));
  }

  @Test
  void theTableSaysWhatTheTrainingsLeft() throws IOException {
    for (String name : NAMES) {
      JsonNode experiment = experiment(out, name);
      double five = metrics(run(out, name, 5)).of(Split.TEST, Metric.AUC).value();
      double six = metrics(run(out, name, 6)).of(Split.TEST, Metric.AUC).value();
      JsonNode auc = experiment.path("test").path("auc");
      assertThat(auc.path("mean").doubleValue()).isCloseTo((five + six) / 2, within(1e-12));
      assertThat(auc.path("deviation").doubleValue())
          .isCloseTo(Math.abs(five - six) / Math.sqrt(2), within(1e-12));
      assertThat(first.out())
          .contains(
              String.format(
                  Locale.ROOT,
                  " | %.4f ± %.4f | ",
                  (five + six) / 2,
                  Math.abs(five - six) / Math.sqrt(2)));
      if (name.equals(NAMES.get(0))) {
        assertThat(experiment.has("difference")).isFalse();
        continue;
      }
      JsonNode difference = experiment.path("difference").path("test");
      Comparison one = comparison(run(out, NAMES.get(0), 5), run(out, name, 5));
      Comparison other = comparison(run(out, NAMES.get(0), 6), run(out, name, 6));
      assertThat(difference.path("pairs").intValue()).isEqualTo(2);
      assertThat(difference.path("auc").path("value").doubleValue())
          .isCloseTo(mean(Metric.AUC, one, other), within(1e-9));
      assertThat(difference.path("accuracy").path("value").doubleValue())
          .isCloseTo(mean(Metric.ACCURACY, one, other), within(1e-9));
      assertThat(difference.path("auc").path("low").doubleValue())
          .isLessThanOrEqualTo(difference.path("auc").path("value").doubleValue());
    }
    assertThat(Files.readAllLines(out.resolve("comparison.csv")))
        .hasSize(1 + NAMES.size())
        .first()
        .asString()
        .startsWith("experiment,seeds,failed,validation_auc,validation_auc_deviation,framed_auc,");
  }

  @Test
  void thePageNeedsNothingBesideIt() throws IOException {
    String page = Files.readString(out.resolve("comparison.html"));
    assertThat(page)
        .startsWith("<!DOCTYPE html>\n")
        .contains("prefers-color-scheme: dark", "Not a medical device", "original_views-2")
        .doesNotContain("://", "<script", "<link", "<img", " src=", "url(", "@import", " href=");
  }

  @Test
  void aSecondCallGoesOnWhereTheFirstStopped() throws IOException {
    Map<String, String> before = contents(out);
    Path kept = run(out, NAMES.get(0), 5).resolve("train/model.safetensors");
    var written = Files.getLastModifiedTime(kept);
    // As if it had been stopped before the table, in the middle of one training.
    for (String file : FILES) {
      Files.delete(out.resolve(file));
    }
    Path stopped = run(out, NAMES.get(3), 6);
    Files.delete(stopped.resolve("finished.json"));
    Files.delete(stopped.resolve("evaluation/metrics.json"));
    Outcome second = Outcome.of("compare", grid, "--out", out, "--no-latency");
    assertThat(second.code()).as(second.err()).isZero();
    assertThat(second.out()).isEqualTo(first.out());
    assertThat(second.err().lines().filter(line -> line.contains("finished before"))).hasSize(7);
    assertThat(contents(out)).isEqualTo(before);
    assertThat(Files.getLastModifiedTime(kept)).isEqualTo(written);
  }

  @InCi
  @Test
  void whatFailsIsNamedAndTriedAgain() throws IOException {
    Path weights = folder.resolve("weights.h5");
    Path head =
        Files.writeString(
            folder.resolve("wild.yaml"),
            """
            name: wild
            members: [{hiddenUnits: [], dropout: 0, l2: 1}]
            standardize: false
            balanced: false
            labelSmoothing: 0
            views: 1
            optimizer: {type: sgd, momentum: 0.9}
            learningRate: {type: constant, initial: 1.0e30}
            batchSize: 64
            epochs: 5
            patience: 0
            """);
    Path spec =
        Files.writeString(
            folder.resolve("failing.yaml"),
            common("[5]")
                + "experiments:\n"
                + "  frozen: {head: logistic}\n"
                + "  absent: {weights: '"
                + weights
                + "'}\n"
                + "  wild: {head: '"
                + head
                + "'}\n"
                + "  mlp: {head: mlp, views: 1}\n");
    Path failing = folder.resolve("failing");
    Outcome outcome = Outcome.of("compare", spec, "--out", failing, "--no-latency");
    assertThat(outcome.code()).as(outcome.err()).isEqualTo(1);
    assertThat(outcome.out())
        .contains("\nfailed:\n  absent, seed 5: there is no file " + weights)
        .containsPattern("  wild, seed 5: .*diverged in epoch")
        .contains("| absent | 0 | - |");
    assertThat(outcome.err()).doesNotContain("Exception");
    JsonNode absent = experiment(failing, "absent");
    assertThat(absent.path("failures").get(0).path("reason").asText()).contains("weights.h5");
    assertThat(absent.has("test")).isFalse();
    Comparison expected = comparison(run(failing, "frozen", 5), run(failing, "mlp", 5));
    JsonNode difference = experiment(failing, "mlp").path("difference").path("test");
    assertThat(difference.path("auc"))
        .isEqualTo(Json.parse(Json.compact(expected.difference(Metric.AUC)), "expected"));
    assertThat(difference.path("accuracy"))
        .isEqualTo(Json.parse(Json.compact(expected.difference(Metric.ACCURACY)), "expected"));
    assertThat(Files.readString(failing.resolve("comparison.html"))).contains("Failed trainings");

    Files.copy(SmallRun.weights(), weights);
    Outcome again = Outcome.of("compare", spec, "--out", failing, "--turns", 1);
    assertThat(again.code()).isEqualTo(1);
    assertThat(again.out()).contains("| absent | 1 | ").doesNotContain("absent, seed 5");
    assertThat(again.out()).containsPattern("\\| [0-9.]+ \\| 1.00x \\|");
    assertThat(again.err().lines().filter(line -> line.contains("finished before"))).hasSize(2);
    // The speed is kept as well.
    Map<String, String> measured = contents(failing);
    assertThat(Outcome.of("compare", spec, "--out", failing, "--turns", 1).out())
        .isEqualTo(again.out());
    assertThat(contents(failing)).isEqualTo(measured);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "grid: {head: [mlp]}                               | data is missing.",
        "data: d                                           | has no experiments",
        "'data: d\n"
            + "grdi: {head: [mlp]}'                    | grdi is an unknown field; the fields are",
        "'data: d\ngrid: {haed: [mlp]}'                    | did you mean head?",
        "'data: d\ngrid: {head: mlp'                       | line",
        "'data: d\ngrid: {head: []}'                       | a list of values",
        "'data: d\ngrid: {seed: [1, 2]}'                   | there is no option seed",
        "'data: d\ngrid: {head: [mlp, mlp]}'               | two experiments are called mlp",
        "'data: d\ngrid: {head: [nohead]}'                 | nohead: There is no head nohead",
        "'data: d\ngrid: {views: [1, x]}'                  | views-x: Invalid value",
        "'data: d\ngrid: {fine-tune: [none, block9z]}'     | fine-tune-block9z",
        "'data: d\ngrid: {fine-tune-epochs: [2, 3]}'       | would be ignored",
        "'data: d\nseeds: [1, 1]\ngrid: {head: [mlp]}'     | different numbers",
        "'data: d\nbaseline: ml\ngrid: {head: [mlp]}'      | did you mean mlp?",
        "'data: d\nweights: {b9: f}\ngrid: {head: [mlp]}'  | no backbone b9",
        "'data: d\noptions: {out: x}\ngrid: {head: [mlp]}' | no option out",
        "'data: d\nexperiments: {a/b: {head: mlp}}'        | a/b",
      })
  void whatIsWrongInTheFileIsToldBeforeAnythingIsDone(String text, String part) throws IOException {
    Path spec = Files.writeString(folder.resolve("wrong.yaml"), text);
    Path nothing = folder.resolve("nothing");
    Outcome outcome = Outcome.of("compare", spec, "--out", nothing);
    assertThat(outcome.code()).as(outcome.err()).isEqualTo(2);
    assertThat(outcome.err()).contains("wrong.yaml", part.strip()).doesNotContain("Exception");
    assertThat(outcome.errLines()).hasSize(2);
    assertThat(nothing).doesNotExist();
  }

  @Test
  void whatNeedsTheOtherKindOfComparisonIsRefused() {
    Path bundle = SmallRun.bundle();
    for (List<Object> arguments :
        List.<List<Object>>of(
            List.of(bundle, "--out", "o"),
            List.of(bundle, "--cache", "c"),
            List.of(bundle, grid),
            List.of(grid, "--html", "page.html"),
            List.of(grid, "--artifacts", "int8"),
            List.of(grid),
            List.of(folder.resolve("nothere.yaml"), "--out", "o"))) {
      Outcome outcome =
          Outcome.of(Stream.concat(Stream.of("compare"), arguments.stream()).toArray());
      assertThat(outcome.code()).as(arguments + outcome.err()).isEqualTo(2);
      assertThat(outcome.errLines()).hasSize(2);
    }
  }

  @Test
  void bundlesAreDrawnOnAPage() throws IOException {
    Path page = folder.resolve("bundles.html");
    Outcome outcome = Outcome.of("compare", SmallRun.bundle(), "--no-latency", "--html", page);
    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(Files.readString(page))
        .contains(SmallRun.bundle().toString(), "float32", "✓ blessed")
        .doesNotContain("://", "<script", "<img", " src=", " href=");
  }
}
