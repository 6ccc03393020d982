package io.github.deepxray.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.ArtifactReport;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.internal.io.Hashes;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.datasets.SeenImages;
import io.github.deepxray.report.SiteAdaptation;
import io.github.deepxray.report.SiteAdaptation.HeldOut;
import io.github.deepxray.report.SiteAdaptation.Thresholds;
import io.github.deepxray.serve.ModelServer;
import io.github.deepxray.serve.ServerOptions;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A bundle that is adapted to the images of a site. */
class AdaptTest {
  private static final Set<String> CHANGED =
      Set.of(
          "artifacts.json",
          "adaptation.json",
          "monitoring.json",
          "provenance.json",
          "training-images.txt",
          "MODEL_CARD.md",
          "report.html",
          "SHA256SUMS");

  @TempDir Path folder;

  /** Hashes of the files by name. */
  private static Map<String, String> hashes(Path bundle) throws IOException {
    Map<String, String> hashes = new TreeMap<>();
    try (Stream<Path> walk = Files.walk(bundle)) {
      for (Path file : walk.filter(Files::isRegularFile).toList()) {
        hashes.put(bundle.relativize(file).toString(), Hashes.sha256(file));
      }
    }
    return hashes;
  }

  private static SiteAdaptation result(Path bundle) throws IOException {
    return SiteAdaptation.read(bundle.resolve(SiteAdaptation.FILE));
  }

  private static Path image(int number) {
    return SmallRun.site().resolveSibling(number + ".png");
  }

  /** Predictions for some of the site's images, in the order of their numbers. */
  private static List<JsonNode> predict(Path model, Object... more) {
    return predict(20, model, more);
  }

  private static List<JsonNode> predict(int images, Path model, Object... more) {
    List<Object> arguments = new ArrayList<>(List.of("predict", model, "--format", "json"));
    arguments.addAll(List.of(more));
    IntStream.range(0, images).forEach(i -> arguments.add(image(i)));
    Outcome outcome = Outcome.of(arguments.toArray());
    assertThat(outcome.code()).as(outcome.err()).isZero();
    List<JsonNode> predictions = new ArrayList<>();
    Json.parse(outcome.out(), "predictions").forEach(predictions::add);
    return predictions;
  }

  private static List<String> labels(List<JsonNode> predictions) {
    return predictions.stream().map(p -> p.path("label").asText()).toList();
  }

  @Test
  void onlyRecordsChangeAndTheOldBundleStays() throws IOException {
    Map<String, String> before = hashes(SmallRun.bundle());
    Map<String, String> after = hashes(SmallRun.adapted());
    assertThat(hashes(SmallRun.bundle())).isEqualTo(before);
    assertThat(Bundle.open(SmallRun.adapted()).damage()).isEmpty();
    Set<String> changed = new TreeSet<>(after.keySet());
    changed.removeIf(name -> after.get(name).equals(before.get(name)));
    assertThat(changed).isEqualTo(new TreeSet<>(CHANGED));
    assertThat(after.keySet()).containsAll(before.keySet());
    Outcome verified =
        Outcome.of("verify", SmallRun.adapted(), "--data", SmallRun.out().resolve("data"));
    assertThat(verified.code()).as(verified.out() + verified.err()).isZero();
    JsonNode adaptation =
        Json.read(SmallRun.adapted().resolve("provenance.json")).path("adaptations").get(0);
    assertThat(adaptation.path("parent").asText()).isEqualTo(before.get("SHA256SUMS"));
    assertThat(adaptation.at("/config/fit-share").asText()).isEqualTo("0.5");
    assertThat(Files.readString(SmallRun.adapted().resolve("report.html")))
        .contains("The bundle was adapted to images of a site");
    assertThat(Outcome.of("report", SmallRun.adapted(), "--out", folder.resolve("r.html")).code())
        .isZero();
  }

  @Test
  void predictionsAreMappedAndTheModelFilesHaveTheirOwnThreshold() throws IOException {
    SiteAdaptation result = result(SmallRun.adapted());
    List<JsonNode> before = predict(SmallRun.bundle());
    List<JsonNode> after = predict(SmallRun.adapted());
    double slope = result.adaptation().slope();
    double factor = Math.exp(result.adaptation().offset());
    for (int i = 0; i < before.size(); i++) {
      double p = before.get(i).path("probability").doubleValue();
      double odds = factor * Math.pow(p / (1 - p), slope);
      assertThat(after.get(i).path("probability").doubleValue())
          // Floats next to 1 have few digits of their complement.
          .isCloseTo(odds / (1 + odds), within(5e-4));
    }
    assertThat(result.thresholds())
        .extracting(Thresholds::artifact)
        .containsExactlyInAnyOrder("float32", "dynamic", "saved_model");
    for (Thresholds of : result.thresholds()) {
      List<JsonNode> form = predict(SmallRun.adapted(), "--artifact", of.artifact());
      assertThat(form.get(0).path("threshold").doubleValue()).isEqualTo(of.after());
    }
    Thresholds own =
        result.thresholds().stream()
            .filter(of -> of.artifact().equals("float32"))
            .findFirst()
            .orElseThrow();
    // The file inside the bundle gives its own probability.
    List<JsonNode> file =
        predict(SmallRun.adapted().resolve(Bundle.TFLITE_FLOAT32), "--threshold", own.own());
    assertThat(file.get(0).path("probability")).isEqualTo(before.get(0).path("probability"));
    assertThat(labels(file)).isEqualTo(labels(after));
    assertThat(Files.readString(SmallRun.adapted().resolve("MODEL_CARD.md")))
        .contains("## Adapted to a site", String.format(Locale.ROOT, "%.6f", own.own()));
  }

  /** The held-out images are those whose hashes are not among the images of the fit. */
  @Test
  void theMetricsAreThoseOfThePatientsThatWereHeldOut() throws IOException {
    HeldOut held = result(SmallRun.adapted()).heldOut().orElseThrow();
    Set<String> fitted = SeenImages.read(SmallRun.adapted()).orElseThrow().hashes();
    List<JsonNode> before = predict(100, SmallRun.bundle());
    List<JsonNode> after = predict(100, SmallRun.adapted());
    int[] images = new int[2];
    double[] rightBefore = new double[2];
    double[] rightAfter = new double[2];
    double[] loss = new double[2];
    int positives = 0;
    int found = 0;
    for (int i = 0; i < 100; i++) {
      String truth = i % 2 == 0 ? "NORMAL" : "PNEUMONIA";
      String hash = ImageCodec.decode(Files.readAllBytes(image(i)), "image").sha256();
      if (fitted.contains(hash)) {
        positives += i % 2;
        found += i % 2 == 1 && after.get(i).path("label").asText().equals(truth) ? 1 : 0;
        continue;
      }
      images[i % 2]++;
      rightBefore[i % 2] += before.get(i).path("label").asText().equals(truth) ? 1 : 0;
      rightAfter[i % 2] += after.get(i).path("label").asText().equals(truth) ? 1 : 0;
      loss[0] -= Math.log(before.get(i).path("probabilities").path(truth).doubleValue());
      loss[1] -= Math.log(after.get(i).path("probabilities").path(truth).doubleValue());
    }
    assertThat(held.images()).containsExactly((long) images[0], (long) images[1]);
    assertThat(held.patients()).containsExactly(25L, 25L);
    assertThat(held.fittedPatients()).containsExactly(25L, 25L);
    assertThat(held.before(Metric.SENSITIVITY).value()).isEqualTo(rightBefore[1] / images[1]);
    assertThat(held.before(Metric.SPECIFICITY).value()).isEqualTo(rightBefore[0] / images[0]);
    assertThat(held.after(Metric.SENSITIVITY).value()).isEqualTo(rightAfter[1] / images[1]);
    assertThat(held.after(Metric.SPECIFICITY).value()).isEqualTo(rightAfter[0] / images[0]);
    assertThat(held.before(Metric.LOG_LOSS).value()).isCloseTo(loss[0] / 50, within(1e-4));
    assertThat(held.after(Metric.LOG_LOSS).value()).isCloseTo(loss[1] / 50, within(1e-4));
    // 93 % of 25 patients, of whom one may be missed.
    assertThat(positives).isEqualTo(25);
    assertThat(found).isEqualTo(24);
    assertThat(held.sufficient()).isFalse();
    assertThat(result(SmallRun.adapted()).remarks())
        .anySatisfy(r -> assertThat(r).startsWith("The site's images do not suffice"))
        .anySatisfy(r -> assertThat(r).contains("Drift from", "brightness (large)"));
  }

  @Test
  void theSameImagesGiveTheSameBytes() throws IOException {
    Path again = folder.resolve("again");
    Outcome outcome =
        Outcome.of(
            "adapt",
            SmallRun.bundle(),
            "--data",
            SmallRun.site(),
            "--out",
            again,
            "--allow-worse",
            "--threads",
            1);
    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(hashes(again)).isEqualTo(hashes(SmallRun.adapted()));
    assertThat(outcome.out())
        .contains(
            "adapted to site.csv: 100 images of 100 patients",
            "held-out patients",
            again.toString());
  }

  /** The patients of the fit have the images that are decided best, the others the worst. */
  private Path misleading() throws IOException {
    Set<String> fitted = SeenImages.read(SmallRun.adapted()).orElseThrow().hashes();
    List<JsonNode> scored = predict(100, SmallRun.adapted());
    StringBuilder rows = new StringBuilder("path,label,patient\n");
    for (int label = 0; label < 2; label++) {
      List<Integer> patients = new ArrayList<>();
      List<Integer> images = new ArrayList<>();
      for (int i = label; i < 100; i += 2) {
        images.add(i);
        String hash = ImageCodec.decode(Files.readAllBytes(image(i)), "image").sha256();
        patients.add(fitted.contains(hash) ? 0 : patients.size(), i);
      }
      double sign = label == 0 ? 1 : -1;
      images.sort(
          Comparator.comparingDouble(i -> sign * scored.get(i).path("probability").doubleValue()));
      for (int k = 0; k < 50; k++) {
        int patient = patients.get(k);
        Files.copy(image(images.get(k)), folder.resolve(patient + ".png"));
        rows.append(
            "%s.png,%s,p%s\n".formatted(patient, label == 0 ? "NORMAL" : "PNEUMONIA", patient));
      }
    }
    return Files.writeString(folder.resolve("misleading.csv"), rows.toString());
  }

  @Test
  void worseProbabilitiesAreRefused() throws IOException {
    Path target = folder.resolve("worse");
    List<Object> arguments =
        new ArrayList<>(
            List.of(
                "adapt",
                SmallRun.adapted(),
                "--data",
                misleading(),
                "--out",
                target,
                "--allow-seen"));
    Outcome refused = Outcome.of(arguments.toArray());
    assertThat(refused.code()).as(refused.out()).isEqualTo(1);
    assertThat(refused.err())
        .contains("The probabilities became WORSE on held-out patients")
        .contains("on held-out patients the log loss rose from", "--allow-worse");
    assertThat(target).doesNotExist();
    arguments.add("--allow-worse");
    Outcome allowed = Outcome.of(arguments.toArray());
    assertThat(allowed.code()).as(allowed.err()).isZero();
    assertThat(allowed.out()).contains("became WORSE");
    assertThat(Files.readString(target.resolve("MODEL_CARD.md"))).contains("became WORSE");
  }

  /** The page says what predict says; TensorFlow Serving's interface gives the model's own. */
  @Test
  void theServerAppliesTheAdaptationOnItsPage() throws Exception {
    JsonNode expected = predict(SmallRun.adapted()).get(0);
    double own = predict(SmallRun.bundle()).get(0).path("probability").doubleValue();
    ServerOptions options =
        ServerOptions.DEFAULT.withPort(0).withWorkers(1).withEngine(Artifact.FLOAT32);
    try (ModelServer server = ModelServer.start(SmallRun.adapted(), options, line -> {})) {
      HttpResponse<String> answer =
          HttpClient.newHttpClient()
              .send(
                  HttpRequest.newBuilder(server.uri().resolve("/api/classify"))
                      .POST(HttpRequest.BodyPublishers.ofFile(image(0)))
                      .build(),
                  HttpResponse.BodyHandlers.ofString());
      JsonNode served = Json.parse(answer.body(), "server");
      for (String field : List.of("label", "probability", "threshold")) {
        assertThat(served.path(field)).as(answer.body()).isEqualTo(expected.path(field));
      }
      assertThat(Served.predict(server, List.of(image(0))).get(0)).isCloseTo(own, within(1e-6));
    }
  }

  @Test
  void theImagesOfTheFitAreNoTestAnyMore() {
    Outcome outcome =
        Outcome.of("evaluate", SmallRun.adapted(), "--data", SmallRun.site(), "--out", folder);
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.err()).contains("trained or chosen on 50 of the 100 images");
  }

  /** A copy of the bundle as if its probabilities were calibrated. */
  private Path calibrated(double prevalence) throws IOException {
    Path copy = folder.resolve("calibrated");
    for (String name : hashes(SmallRun.bundle()).keySet()) {
      Files.createDirectories(copy.resolve(name).getParent());
      Files.copy(SmallRun.bundle().resolve(name), copy.resolve(name));
    }
    Bundle bundle = Bundle.open(copy);
    ArtifactReport.write(
        copy.resolve("artifacts.json"),
        new ArtifactReport.All(bundle.fit(), OptionalDouble.of(prevalence), bundle.artifacts()));
    Files.writeString(copy.resolve("SHA256SUMS"), Bundle.checksums(copy));
    return copy;
  }

  @Test
  void withoutLabelsThePrevalenceIsEstimatedAndDecisionsStay() throws IOException {
    double before = 0.6;
    Path bundle = calibrated(before);
    Path target = folder.resolve("shifted");
    Outcome outcome =
        Outcome.of(
            "adapt", bundle, "--images", SmallRun.archive(), "--out", target, "--allow-seen");
    assertThat(outcome.code()).as(outcome.err()).isZero();
    SiteAdaptation result = result(target);
    SiteAdaptation.Estimate estimate = result.estimate().orElseThrow();
    double after = estimate.site().prevalence().value();
    assertThat(Json.read(target.resolve("artifacts.json")).path("prevalence").doubleValue())
        .isEqualTo(after);
    assertThat(result.adaptation().slope()).isEqualTo(1);
    assertThat(result.adaptation().offset())
        .isCloseTo(Math.log(after / (1 - after) * (1 - before) / before), within(1e-12));
    // 16 of 28 test images; the nested copy of the archive is not left out without labels.
    assertThat(estimate.ownTest().orElseThrow().share()).isEqualTo(16 / 28.0);
    List<JsonNode> own = predict(bundle);
    assertThat(labels(predict(target))).isEqualTo(labels(own));
    // Back to the prevalence before.
    List<JsonNode> back = predict(target, "--prevalence", before);
    for (int i = 0; i < own.size(); i++) {
      assertThat(back.get(i).path("probability").doubleValue())
          .isCloseTo(own.get(i).path("probability").doubleValue(), within(1e-6));
    }
    assertThat(SeenImages.read(target)).isEqualTo(SeenImages.read(bundle));
    assertThat(outcome.out())
        .contains("method prevalence", "prevalence of PNEUMONIA", "The estimate assumes that only")
        .contains("On the bundle's own test split", "The decisions are those of before")
        .contains("64 of 92 images are training or validation images");
    assertThat(Outcome.of("verify", target, "--data", SmallRun.out().resolve("data")).code())
        .isZero();
    Path empty = Files.createDirectory(folder.resolve("empty"));
    assertThat(Outcome.of("adapt", bundle, "--images", empty, "--out", folder.resolve("o")).err())
        .contains(empty + " has no image files; give an archive or a folder");
  }

  @Test
  void anAdaptedBundleIsAdaptedAgain() throws IOException {
    Path target = folder.resolve("twice");
    Outcome outcome =
        Outcome.of(
            "adapt",
            SmallRun.adapted(),
            "--images",
            SmallRun.site(),
            "--out",
            target,
            "--allow-seen");
    assertThat(outcome.code()).as(outcome.err()).isZero();
    SiteAdaptation first = result(SmallRun.adapted());
    SiteAdaptation second = result(target);
    assertThat(second.adaptation().slope()).isEqualTo(first.adaptation().slope());
    assertThat(second.adaptation().thresholds()).isEqualTo(first.adaptation().thresholds());
    assertThat(labels(predict(target))).isEqualTo(labels(predict(SmallRun.adapted())));
    for (int i = 0; i < first.thresholds().size(); i++) {
      assertThat(second.thresholds().get(i).own())
          .isCloseTo(first.thresholds().get(i).own(), within(1e-12));
    }
    assertThat(Json.read(target.resolve("provenance.json")).path("adaptations")).hasSize(2);
    assertThat(Files.readString(target.resolve("MODEL_CARD.md"))).containsOnlyOnce("## Adapted");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1 | --data T --out B                       | exists; name a new folder",
        "1 | --data T --out B/inside                | is inside the bundle",
        "1 | --data Z --out o                       | trained or chosen on 56 of the 84 images",
        "1 | --data Z --out o --split test          | has 9 patients of PNEUMONIA",
        "1 | --data T --out o --target-sensitivity 0.98 | it takes at least 100 and 40",
        "1 | --data T --out o --fit-share 0.8       | at least 98 and 98",
        "1 | --images Z --out o                     | has no calibrated probabilities",
        "1 | --data nothere --out o                 | nothere",
        "2 | --data T --images T --out o            | either labelled images with --data",
        "2 | --out o                                | either labelled images with --data",
        "2 | --data T                               | Missing required option: '--out",
        "2 | --images T --out o --fit-share 0.5     | --fit-share would be ignored: it needs",
        "2 | --images T --out o --allow-worse       | --allow-worse would be ignored",
        "2 | --data T --out o --fit-share 1         | fitShare must be from 0.1 to 0.9",
        "2 | --data T --out o --target-sensitivity 1 | targetSensitivity must be above 0",
        "2 | --data T --out o --max-bad 2           | maxBad must be from 0 to 1",
        "2 | --data T --out o --artifact int7       | There is no artifact int7",
      })
  void whatIsWrongIsTold(int code, String options, String part) {
    Path target = folder.resolve("new");
    List<Object> arguments = new ArrayList<>(List.of("adapt", SmallRun.bundle()));
    for (String option : options.split(" ", -1)) {
      arguments.add(
          option
              .replaceFirst("^T$", SmallRun.site().toString())
              .replaceFirst("^Z$", SmallRun.archive().toString())
              .replaceFirst("^B", SmallRun.bundle().toString())
              .replaceFirst("^o$", target.toString()));
    }
    Outcome outcome = Outcome.of(arguments.toArray());
    assertThat(outcome.code()).as(outcome.err()).isEqualTo(code);
    assertThat(outcome.err()).contains(part).doesNotContain("Exception");
    assertThat(target).doesNotExist();
  }
}
