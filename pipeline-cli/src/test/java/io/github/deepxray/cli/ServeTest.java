package io.github.deepxray.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.classify.Artifact;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.datasets.Slice;
import io.github.deepxray.datasets.phantom.Phantom;
import io.github.deepxray.serve.ModelServer;
import io.github.deepxray.serve.ServerOptions;
import io.github.deepxray.testkit.InCi;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServeTest {
  private static final Pattern READY = Pattern.compile("(?m)^Ready: (http://\\S+?:\\d+)/");

  @TempDir Path folder;

  /** Waits until the server says where it listens. */
  private static URI await(Path log, Process process) throws Exception {
    long end = System.nanoTime() + Duration.ofMinutes(2).toNanos();
    while (System.nanoTime() < end && process.isAlive()) {
      Matcher ready = READY.matcher(Files.readString(log));
      if (ready.find()) {
        return URI.create(ready.group(1));
      }
      Thread.sleep(50);
    }
    throw new AssertionError(Files.readString(log));
  }

  @InCi
  @ParameterizedTest
  @CsvSource({"float32, false", "saved_model, true"})
  @DisabledOnOs(OS.WINDOWS)
  void saysWhatPredictSays(String engine, boolean tensorFlow) throws Exception {
    Path image = SmallRun.anImage();
    Outcome predicted =
        Outcome.of("predict", SmallRun.bundle(), image, "--artifact", engine, "--format", "json");
    double expected =
        Json.parse(predicted.out(), "predict").get(0).path("probability").doubleValue();
    Path log = folder.resolve("log");
    Path classes = folder.resolve("classes.log");
    Process process =
        Outcome.fork(
            log,
            List.of("-Xlog:class+load:file=" + classes),
            "serve",
            SmallRun.bundle(),
            "--port",
            0,
            "--workers",
            1,
            "--engine",
            engine);
    try {
      URI server = await(log, process);
      String body =
          "{\"signature_name\": \"serving_bytes\", \"instances\": [{\"b64\": \""
              + Base64.getEncoder().encodeToString(Files.readAllBytes(image))
              + "\"}]}";
      String answer =
          HttpClient.newHttpClient()
              .send(
                  HttpRequest.newBuilder(server.resolve("/v1/models/deepxray:predict"))
                      .POST(HttpRequest.BodyPublishers.ofString(body))
                      .build(),
                  BodyHandlers.ofString())
              .body();
      JsonNode predictions = Json.parse(answer, "server").path("predictions");
      assertThat(predictions).as(answer).hasSize(1);
      assertThat(predictions.get(0).get(0).doubleValue()).isCloseTo(expected, within(1e-5));
      assertThat(Files.readString(classes).contains("org.tensorflow.Session "))
          .isEqualTo(tensorFlow);
      process.destroy();
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).as(Files.readString(log)).isEqualTo(143);
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void aSavedModelRunsImagesTogether() throws Exception {
    List<Path> images = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      Path image = folder.resolve("images").resolve(String.format(Locale.ROOT, "%02d.jpeg", i));
      RgbImage phantom = Phantom.draw(i % 2 == 0 ? Slice.NORMAL : Slice.VIRAL, 11, i, 1, 150);
      AtomicFiles.write(image, ImageCodec.encodeJpeg(phantom, 90));
      images.add(image);
    }
    List<Double> expected =
        Served.predicted(SmallRun.bundle(), "saved_model", folder.resolve("images"));
    assertThat(expected).hasSize(40);
    ServerOptions options =
        ServerOptions.DEFAULT
            .withPort(0)
            .withWorkers(1)
            .withEngine(Artifact.SAVED_MODEL)
            .withDeadline(Duration.ofMinutes(2));
    try (ModelServer server = ModelServer.start(SmallRun.bundle(), options, line -> {})) {
      List<Double> together = Served.predict(server, images);
      List<Double> each = new ArrayList<>();
      ExecutorService clients = Executors.newFixedThreadPool(8);
      try {
        List<Future<List<Double>>> answers = new ArrayList<>();
        for (Path image : images) {
          answers.add(clients.submit(() -> Served.predict(server, List.of(image))));
        }
        for (Future<List<Double>> answer : answers) {
          each.addAll(answer.get());
        }
      } finally {
        clients.shutdownNow();
      }
      assertThat(together).hasSameSizeAs(expected);
      assertThat(each).hasSameSizeAs(expected);
      for (int i = 0; i < expected.size(); i++) {
        assertThat(together.get(i)).isCloseTo(expected.get(i), within(1e-5));
        assertThat(each.get(i)).isCloseTo(expected.get(i), within(1e-5));
      }
      // 40 images at once and 40 one by one, of which some waited and ran together.
      Matcher batches =
          Pattern.compile("deepxray_batch_size_count (\\S+)")
              .matcher(Served.text(server, "/monitoring/prometheus/metrics"));
      assertThat(batches.find()).isTrue();
      assertThat(Double.parseDouble(batches.group(1))).isLessThan(2 + 40);
    }
  }

  @Test
  void aFormThatTheBundleLacksIsNamed() {
    Outcome outcome = Outcome.of("serve", SmallRun.bundle(), "--port", 0, "--engine", "int16x8");
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.errLines().get(outcome.errLines().size() - 1))
        .startsWith("deepxray: ")
        .contains("int16x8");
  }

  @Test
  void theNumbersOfABenchmarkMustBePositive() {
    Outcome outcome = Outcome.of("benchmark-serve", SmallRun.bundle(), "--batches", "0");
    assertThat(outcome.code()).isEqualTo(2);
    assertThat(outcome.err()).contains("--batches");
  }
}
