package io.github.deepxray.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.format.ModelFormat;
import io.github.deepxray.core.format.ModelFormats;
import io.github.deepxray.serve.ModelServer;
import io.github.deepxray.serve.ServerOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bundles of some formats only. */
class FormatsTest {
  @TempDir Path folder;

  /** The folder of a run without its bundle. */
  private Path stages() throws IOException {
    Path out = folder.resolve("out");
    try (Stream<Path> files = Files.walk(SmallRun.out())) {
      for (Path file : files.filter(f -> !f.startsWith(SmallRun.bundle())).sorted().toList()) {
        Files.copy(file, out.resolve(SmallRun.out().relativize(file).toString()));
      }
    }
    return out;
  }

  private static Path image() throws IOException {
    return SmallRun.anImage();
  }

  @Test
  void aBundleWithoutTfLiteIsVerifiedPredictedWithAndServed() throws Exception {
    Path out = stages();
    Outcome exported = Outcome.of("export", "--out", out, "--formats", "saved_model");
    assertThat(exported.code()).as(exported.err()).isZero();
    Bundle bundle = Bundle.open(out.resolve("bundle"));
    assertThat(Artifact.in(bundle)).containsExactly(Artifact.SAVED_MODEL);
    assertThat(bundle.folder().resolve(Bundle.EXPLAIN)).doesNotExist();
    assertThat(bundle.folder().resolve("saved_model/1/saved_model.pb"))
        .hasSameBinaryContentAs(SmallRun.bundle().resolve("saved_model/1/saved_model.pb"));

    assertThat(Outcome.of("verify", bundle.folder(), "--data", out.resolve("data")).code())
        .isZero();
    Outcome predicted = Outcome.of("predict", bundle.folder(), image(), "--format", "csv");
    assertThat(predicted.out())
        .isEqualTo(
            Outcome.of(
                    "predict",
                    SmallRun.bundle(),
                    image(),
                    "--format",
                    "csv",
                    "--artifact",
                    "saved_model")
                .out());
    assertThat(Outcome.of("predict", bundle.folder(), image(), "--artifact", "int8").err())
        .contains("has no int8; export it again with that form.");
    assertThat(
            Outcome.of("explain", bundle.folder(), image(), "--out", folder.resolve("maps")).err())
        .contains("has no model-explain.tflite");
    ServerOptions options = ServerOptions.DEFAULT.withPort(0).withWorkers(1);
    try (ModelServer server = ModelServer.start(bundle.folder(), options, line -> {})) {
      assertThat(Served.predict(server, List.of(image()))).hasSize(1);
    }
  }

  @Test
  void aBundleWithoutASavedModelSaysNothingOfOne() throws Exception {
    Path out = stages();
    assertThat(Outcome.of("export", "--out", out, "--formats", "tflite").code()).isZero();
    Path bundle = out.resolve("bundle");
    assertThat(bundle.resolve("saved_model")).doesNotExist();
    assertThat(Files.readString(bundle.resolve(Bundle.MODEL_CARD)))
        .doesNotContain("SavedModel", "serving_bytes");
    assertThat(Files.readString(SmallRun.bundle().resolve(Bundle.MODEL_CARD)))
        .contains("serving_bytes");
    assertThat(bundle.resolve(Bundle.EXPLAIN))
        .hasSameBinaryContentAs(SmallRun.bundle().resolve(Bundle.EXPLAIN));
  }

  @Test
  void formatsThatAreUnknownOrWithoutUseAreRefusedAtOnce() {
    Outcome unknown = Outcome.of("export", "--out", folder, "--formats", "saved_model,coreml");
    assertThat(unknown.code()).isEqualTo(2);
    assertThat(unknown.err())
        .contains("There is no format coreml; choose one of saved_model, tflite.");
    Outcome useless =
        Outcome.of(
            "run", "--data", folder, "--out", folder, "--formats=saved_model", "--quantize=int8");
    assertThat(useless.code()).isEqualTo(2);
    assertThat(useless.err()).contains("--quantize would be ignored: it needs tflite in --formats");
  }

  @Test
  void helpNamesTheFormats() {
    String help = Outcome.of("run", "--help").out().replaceAll("\\s+", " ");
    assertThat(help).contains("of saved_model, tflite", "Default: saved_model,tflite.");
  }

  @Test
  void theConstantsAreWhatTheFormatsOffer() {
    for (ModelFormat format : ModelFormats.all()) {
      assertThat(Artifact.all())
          .containsAll(
              Stream.of(Artifact.SAVED_MODEL, Artifact.FLOAT32, Artifact.DYNAMIC, Artifact.INT8)
                  .filter(constant -> constant.format().equals(format.name()))
                  .toList());
    }
  }
}
