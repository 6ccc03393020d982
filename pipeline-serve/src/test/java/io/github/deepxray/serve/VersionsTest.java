package io.github.deepxray.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.AtomicFiles;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VersionsTest {
  private static final String PREDICT = "/v1/models/deepxray:predict";

  @TempDir Path folder;
  private final List<String> log = new CopyOnWriteArrayList<>();

  static ServerOptions options() {
    return ServerOptions.DEFAULT
        .withPort(0)
        .withWorkers(2)
        .withEngine(Artifact.FLOAT32)
        .withPollInterval(Duration.ofMillis(20));
  }

  private ModelServer start(ServerOptions options) throws IOException {
    return ModelServer.start(folder, options, log::add);
  }

  /** Writes a version whose weights come from its number. */
  private Path write(long number) throws IOException {
    return TinyBundle.write(folder.resolve(Long.toString(number)), number);
  }

  private static Http client(ModelServer server) {
    return new Http(server.uri());
  }

  /** Waits until a version has come to a state. */
  private static JsonNode await(Http http, long number, String state) throws Exception {
    long end = System.nanoTime() + Duration.ofSeconds(100).toNanos();
    String seen = "";
    while (System.nanoTime() < end) {
      JsonNode versions = http.get("/v1/models/deepxray").json().path("model_version_status");
      seen = versions.toString();
      for (JsonNode version : versions) {
        if (version.path("version").asLong() == number
            && version.path("state").asText().equals(state)) {
          return version;
        }
      }
      Thread.sleep(10);
    }
    throw new AssertionError("version " + number + " does not become " + state + ": " + seen);
  }

  /** Waits until the server has looked at the folder once more: it names what is not complete. */
  private void awaitLook() throws Exception {
    Path incomplete = Files.createDirectories(folder.resolve("9"));
    String name = "version 9 is not complete";
    for (int i = 0; i < 2000 && log.stream().noneMatch(line -> line.startsWith(name)); i++) {
      Thread.sleep(5);
    }
    assertThat(log).anySatisfy(line -> assertThat(line).startsWith(name));
    Files.delete(incomplete);
  }

  private static double predict(Http http, String path, byte[] file) throws Exception {
    Http.Answer answer = http.post(path, Http.files(file));
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    return answer.json().path("predictions").get(0).get(0).doubleValue();
  }

  private static boolean is(double probability, long version, byte[] file) {
    return Math.abs(probability - TinyBundle.expected(version, file)) < 1e-4;
  }

  @Test
  void aNewVersionTakesOverUnderLoadWithoutAFailedRequest() throws Exception {
    byte[] file = TinyBundle.jpeg(1, 50);
    write(1);
    try (ModelServer server = start(options())) {
      AtomicBoolean stop = new AtomicBoolean();
      List<Future<List<Double>>> loads = new ArrayList<>();
      ExecutorService executor = Executors.newFixedThreadPool(4);
      try {
        for (int t = 0; t < 4; t++) {
          Http http = client(server);
          loads.add(
              executor.submit(
                  () -> {
                    List<Double> seen = new ArrayList<>();
                    while (!stop.get()) {
                      seen.add(predict(http, PREDICT, file));
                    }
                    seen.add(predict(http, PREDICT, file));
                    return seen;
                  }));
        }
        for (long version = 2; version <= 5; version++) {
          write(version);
          await(client(server), version, "AVAILABLE");
        }
      } finally {
        stop.set(true);
        executor.shutdown();
      }
      for (Future<List<Double>> load : loads) {
        List<Double> seen = load.get();
        long version = 1;
        for (double probability : seen) {
          // Only ever forward.
          while (version <= 5 && !is(probability, version, file)) {
            version++;
          }
          assertThat(version).as("%s of %s", probability, seen).isLessThanOrEqualTo(5);
        }
        assertThat(version).isEqualTo(5);
      }
      Http http = client(server);
      for (long old = 1; old <= 4; old++) {
        await(http, old, "END");
        assertThat(
                http.post("/v1/models/deepxray/versions/" + old + ":predict", Http.files(file))
                    .status())
            .isEqualTo(404);
      }
    }
  }

  @Test
  void aBrokenVersionIsNamedAndTheGoodOneGoesOn() throws Exception {
    byte[] file = TinyBundle.jpeg(1, 50);
    write(1);
    // Never visible half-way.
    Path staged = TinyBundle.write(folder.resolve("staged"), 2);
    TinyBundle.truncate(staged.resolve(Bundle.TFLITE_FLOAT32));
    try (ModelServer server = start(options())) {
      Http http = client(server);
      Files.move(staged, folder.resolve("2"));
      JsonNode status = await(http, 2, "END");
      assertThat(status.path("status").path("error_code").asText()).isEqualTo("INTERNAL");
      assertThat(status.path("status").path("error_message").asText())
          .contains(Bundle.TFLITE_FLOAT32, "has changed");
      assertThat(is(predict(http, PREDICT, file), 1, file)).isTrue();
      assertThat(http.get("/readyz").status()).isEqualTo(200);
      // It is not tried again and again,
      awaitLook();
      assertThat(log).filteredOn(line -> line.startsWith("version 2 is refused")).hasSize(1);
      // but it is when somebody has mended it.
      AtomicFiles.deleteRecursively(folder.resolve("2"));
      write(2);
      await(http, 2, "AVAILABLE");
      assertThat(is(predict(http, PREDICT, file), 2, file)).isTrue();
    }
  }

  @Test
  void aModelThatIsNoClassifierIsBroken() throws Exception {
    write(1);
    Path other = TinyBundle.writeExplaining(folder.resolve("staged"), 2);
    // Two outputs, and checksums that say that this is right.
    Files.copy(
        other.resolve(Bundle.EXPLAIN),
        other.resolve(Bundle.TFLITE_FLOAT32),
        StandardCopyOption.REPLACE_EXISTING);
    Files.writeString(other.resolve(Bundle.CHECKSUMS), Bundle.checksums(other));
    Files.move(other, folder.resolve("2"));
    try (ModelServer server = start(options())) {
      JsonNode status = await(client(server), 2, "END");
      assertThat(status.path("status").path("error_message").asText()).contains("[[1], [8, 8, 1]]");
      assertThat(server.versions()).isEqualTo(Map.of(1L, "AVAILABLE", 2L, "END"));
    }
  }

  @Test
  void withoutAGoodVersionItWaitsForOne() throws Exception {
    Files.createDirectories(folder.resolve("1"));
    Files.createDirectories(folder.resolve("not-a-number"));
    try (ModelServer server = start(options())) {
      Http http = client(server);
      assertThat(http.get("/readyz").status()).isEqualTo(503);
      assertThat(http.get("/healthz").status()).isEqualTo(200);
      JsonNode status = http.get("/v1/models/deepxray").json().path("model_version_status");
      assertThat(status).hasSize(1);
      assertThat(status.get(0).path("state").asText()).isEqualTo("END");
      assertThat(status.get(0).path("status").path("error_message").asText())
          .contains("1 has no " + Bundle.CHECKSUMS);
      assertThat(log).filteredOn(line -> line.contains("is not complete")).hasSize(1);
      assertThat(http.post(PREDICT, "{}").status()).isEqualTo(404);
      assertThat(http.get("/api/model").status()).isEqualTo(503);
      write(20261123);
      await(http, 20261123, "AVAILABLE");
      assertThat(http.get("/readyz").status()).isEqualTo(200);
    }
  }

  @Test
  void whenTheNewestIsRemovedTheOneBeforeComesBack() throws Exception {
    byte[] file = TinyBundle.jpeg(1, 50);
    write(1);
    write(2);
    try (ModelServer server = start(options())) {
      Http http = client(server);
      assertThat(is(predict(http, PREDICT, file), 2, file)).isTrue();
      AtomicFiles.deleteRecursively(folder.resolve("2"));
      await(http, 1, "AVAILABLE");
      assertThat(is(predict(http, PREDICT, file), 1, file)).isTrue();
      // Better an old version than none.
      AtomicFiles.deleteRecursively(folder.resolve("1"));
      awaitLook();
      assertThat(is(predict(http, PREDICT, file), 1, file)).isTrue();
    }
  }

  @Test
  void severalVersionsAreServedByNumberAndLabel() throws Exception {
    byte[] file = TinyBundle.jpeg(1, 50);
    for (long version = 1; version <= 4; version++) {
      write(version);
    }
    try (ModelServer server =
        start(options().withKeepVersions(2).withVersionLabels(Map.of("stable", 1L)))) {
      Http http = client(server);
      assertThat(server.versions())
          .isEqualTo(Map.of(1L, "AVAILABLE", 2L, "END", 3L, "AVAILABLE", 4L, "AVAILABLE"));
      assertThat(is(predict(http, PREDICT, file), 4, file)).isTrue();
      assertThat(is(predict(http, "/v1/models/deepxray/versions/3:predict", file), 3, file))
          .isTrue();
      assertThat(is(predict(http, "/v1/models/deepxray/labels/stable:predict", file), 1, file))
          .isTrue();
      assertThat(http.post("/v1/models/deepxray/versions/2:predict", Http.files(file)).status())
          .isEqualTo(404);
    }
  }

  @Test
  void aBundleThatCannotBeServedEndsTheStart() throws Exception {
    Path bundle = write(1);
    assertThatThrownBy(
            () -> ModelServer.start(bundle, options().withEngine(Artifact.INT8), line -> {}))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("int8");
    assertThatThrownBy(
            () -> ModelServer.start(bundle, options().withEngine(Artifact.SAVED_MODEL), line -> {}))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("no TensorFlow");
    TinyBundle.truncate(bundle.resolve(Bundle.LABELS));
    assertThatThrownBy(() -> ModelServer.start(bundle, options(), line -> {}))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining(Bundle.LABELS);
    assertThatThrownBy(() -> ModelServer.start(folder.resolve("missing"), options(), line -> {}))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("missing");
  }

  @Test
  void aPortThatIsTakenIsNamed() throws Exception {
    Path bundle = write(1);
    try (ModelServer server = start(options())) {
      URI uri = server.uri();
      assertThatThrownBy(
              () -> ModelServer.start(bundle, options().withPort(uri.getPort()), line -> {}))
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining(Integer.toString(uri.getPort()))
          .hasMessageContaining("--port");
    }
  }

  @Test
  void nothingIsLeftInTheBundle() throws Exception {
    write(1);
    try (Stream<Path> before = Files.walk(folder)) {
      List<Path> files = before.sorted().toList();
      try (ModelServer server = start(options())) {
        predict(client(server), PREDICT, TinyBundle.jpeg(1, 50));
      }
      try (Stream<Path> after = Files.walk(folder)) {
        assertThat(after.sorted().toList()).isEqualTo(files);
      }
    }
  }
}
