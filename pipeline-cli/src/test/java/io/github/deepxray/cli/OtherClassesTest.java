package io.github.deepxray.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.datasets.Slice;
import io.github.deepxray.datasets.phantom.Phantom;
import io.github.deepxray.serve.ModelServer;
import io.github.deepxray.serve.ServerOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two classes that are not those of the Kaggle archive, from images to a served page. */
class OtherClassesTest {
  /** By the alphabet NORMAL would be the positive class. */
  private static final List<String> CLASSES = List.of("COVID", "NORMAL");

  @TempDir static Path folder;

  private static Path out;
  private static Path bundle;
  private static Outcome run;

  @BeforeAll
  static void run() throws IOException {
    for (String name : CLASSES) {
      for (int i = 0; i < 40; i++) {
        Slice slice = name.equals("COVID") ? Slice.BACTERIAL : Slice.NORMAL;
        AtomicFiles.write(
            folder
                .resolve("images")
                .resolve(i < 30 ? "train" : "test")
                .resolve(name)
                .resolve(i + ".jpeg"),
            ImageCodec.encodeJpeg(
                Phantom.draw(slice, 1, 100 * CLASSES.indexOf(name) + i, 1, 150), 90));
      }
    }
    out = folder.resolve("out");
    bundle = out.resolve("bundle");
    run =
        Outcome.of(
            "run",
            "--data",
            folder.resolve("images"),
            "--weights",
            SmallRun.weights(),
            "--backbone",
            SmallRun.BACKBONE,
            "--out",
            out,
            "--head",
            "logistic",
            "--views",
            1,
            "--epochs",
            10,
            "--validation-fraction",
            0.25,
            "--fine-tune",
            "top",
            "--fine-tune-epochs",
            1,
            "--fine-tune-views",
            1,
            "--quantize",
            "int8",
            "--calibration-images",
            4,
            "--allow-unblessed");
    assertThat(run.code()).as(run.err() + run.out()).isZero();
  }

  /** In no file of the whole run, and in nothing that was printed. */
  @Test
  void nothingSpeaksOfTheClassesOfAnotherDataSet() throws IOException {
    requireNeutral("out", run.out());
    requireNeutral("err", run.err());
    try (Stream<Path> files = Files.walk(out)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        requireNeutral(
            file.toString(), new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1));
      }
    }
  }

  private static void requireNeutral(String what, String text) {
    String plain = text.replaceAll("base64,[A-Za-z0-9+/=]*", "").toLowerCase(Locale.ROOT);
    for (String word : List.of("pneumonia", "bacterial", "viral", "frontal chest")) {
      assertThat(plain.contains(word)).as(what + " says " + word).isFalse();
    }
  }

  @Test
  void whatIsFoundIsThePositiveClass() throws IOException {
    assertThat(run.out() + run.err()).contains("0 = NORMAL", "1 = COVID", "positive)");
    assertThat(run.out())
        .containsPattern(
            "COVID from 0\\.[0-9]+ on, a threshold that finds 93 % of the images of COVID");
    JsonNode profile = Json.read(bundle.resolve("dataset.json")).path("profile");
    assertThat(profile.path("positive").asText()).isEqualTo("COVID");
    assertThat(profile.path("classes").toString()).isEqualTo("[\"NORMAL\",\"COVID\"]");
    assertThat(Json.read(bundle.resolve("metrics.json")).path("slices").path("test")).isEmpty();
    assertThat(Files.readString(bundle.resolve("predictions-test.csv")))
        .startsWith("filename,label,slice,patient,probability_0,probability_1\n")
        .contains("test/COVID/30.jpeg,1,COVID,")
        .contains("test/NORMAL/30.jpeg,0,NORMAL,");
    assertThat(Files.readString(bundle.resolve(Bundle.MODEL_CARD)))
        .contains("the probability of COVID", "| NORMAL | COVID |");
    assertThat(Files.readString(bundle.resolve("report.html")))
        .contains("images of COVID of the test split are classified as NORMAL", "labelled COVID");
  }

  @Test
  void aLoneFileKnowsItsClasses() {
    Path image = folder.resolve("images/test/COVID/31.jpeg");
    for (String model : List.of(Bundle.TFLITE_FLOAT32, Bundle.SAVED_MODEL)) {
      Outcome always = Outcome.of("predict", bundle.resolve(model), image, "--threshold", 0);
      assertThat(always.code()).as(always.err()).isZero();
      assertThat(always.out()).contains(" COVID ").doesNotContain("PNEUMONIA");
      Outcome never = Outcome.of("predict", bundle.resolve(model), image, "--threshold", 1);
      assertThat(never.out()).contains(" NORMAL ");
    }
    Outcome explained = Outcome.of("explain", bundle, image, "--out", folder.resolve("heat-maps"));
    assertThat(explained.code()).as(explained.err()).isZero();
    assertThat(explained.out()).containsPattern("COVID|NORMAL");
  }

  /** Checksums are no bundle; nothing tells what a SavedModel's classes are. */
  @Test
  void aFolderWithChecksumsIsNoBundle() throws IOException {
    Path elsewhere = Files.createDirectories(folder.resolve("downloads/model"));
    Files.copy(
        bundle.resolve(Bundle.SAVED_MODEL).resolve("saved_model.pb"),
        elsewhere.resolve("saved_model.pb"));
    Files.writeString(folder.resolve("downloads/SHA256SUMS"), "");
    Outcome outcome = Outcome.of("predict", elsewhere, folder.resolve("images/test/COVID/31.jpeg"));
    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(outcome.out()).containsPattern("  [01]  ");
  }

  @Test
  void thePageIsToldOfThem() throws IOException {
    try (ModelServer server =
        ModelServer.start(
            bundle,
            ServerOptions.DEFAULT.withPort(0).withWorkers(1).withEngine(Artifact.FLOAT32),
            line -> {})) {
      JsonNode model = Served.get(server, "/api/model");
      assertThat(model.path("labels").toString()).isEqualTo("[\"NORMAL\",\"COVID\"]");
      assertThat(model.at("/profile/phrases/1/name").asText()).isEqualTo("COVID");
      requireNeutral("model", model.toString());
      requireNeutral("page", Served.text(server, "/"));
    }
  }
}
