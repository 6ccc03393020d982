package io.github.deepxray.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.core.io.Json;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
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
      assertThat(Files.readString(classes).contains("io.github.deepxray.tensorflow."))
          .isEqualTo(tensorFlow);
      process.destroy();
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).as(Files.readString(log)).isEqualTo(143);
    } finally {
      process.destroyForcibly();
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
}
