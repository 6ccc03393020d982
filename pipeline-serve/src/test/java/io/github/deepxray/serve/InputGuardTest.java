package io.github.deepxray.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.testkit.ReferenceInterpreter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A served model with an input guard, compared with the definition of its layers. */
class InputGuardTest {
  private static final long SEED = 4;
  private static final String PREDICT = "/v1/models/deepxray:predict";
  private static final List<byte[]> FILES =
      IntStream.range(0, 6).mapToObj(i -> TinyBundle.jpeg(i, 40 + 7 * i)).toList();

  @TempDir static Path folder;
  private static double[] expected;
  private static double limit;
  private static ModelServer server;
  private static Http http;

  @BeforeAll
  static void start() throws IOException {
    ReferenceInterpreter model = new ReferenceInterpreter(TinyBundle.guarded(SEED));
    expected =
        FILES.stream()
            .mapToDouble(file -> model.run(TinyBundle.pixels(file)).get("unfamiliarity")[0])
            .toArray();
    double[] ascending = expected.clone();
    Arrays.sort(ascending);
    // Two of six are above.
    limit = (ascending[3] + ascending[4]) / 2;
    server =
        ModelServer.start(
            TinyBundle.writeGuarded(folder.resolve("bundle"), SEED, limit),
            // Several images of a request share a batch.
            VersionsTest.options().withBatch(OptionalInt.of(4)),
            line -> {});
    http = new Http(server.uri());
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void thePageLearnsWhichImagesAreUnfamiliar() throws Exception {
    assertThat(http.get("/api/model").json().path("unfamiliarityLimit").doubleValue())
        .isEqualTo(limit);
    for (int i = 0; i < FILES.size(); i++) {
      JsonNode json = http.post("/api/classify", FILES.get(i)).json();
      assertThat(json.path("unfamiliarity").doubleValue()).isCloseTo(expected[i], within(1e-4));
      assertThat(json.path("unfamiliarityLimit").doubleValue()).isEqualTo(limit);
      assertThat(json.path("unfamiliar").booleanValue()).isEqualTo(expected[i] > limit);
      assertThat(json.path("probability").doubleValue())
          .isCloseTo(TinyBundle.expected(SEED, FILES.get(i)), within(1e-4));
    }
  }

  /** The rows of TensorFlow Serving are those of the probability. */
  @Test
  void clientsOfTensorFlowServingSeeTheSameRows() throws Exception {
    JsonNode rows =
        http.post(PREDICT, Http.files(FILES.toArray(byte[][]::new))).json().path("predictions");
    assertThat(rows).hasSize(FILES.size());
    for (int i = 0; i < FILES.size(); i++) {
      assertThat(rows.get(i)).hasSize(1);
      assertThat(rows.get(i).get(0).doubleValue())
          .isCloseTo(TinyBundle.expected(SEED, FILES.get(i)), within(1e-4));
    }
    JsonNode signatures =
        http.get("/v1/models/deepxray/metadata")
            .json()
            .path("metadata")
            .path("signature_def")
            .path("signature_def");
    assertThat(signatures.properties())
        .extracting(Map.Entry::getKey)
        .containsExactly("serving_default", "serving_bytes", "unfamiliarity");
    for (String key : List.of("serving_default", "serving_bytes")) {
      assertThat(signatures.path(key).path("outputs").fieldNames())
          .toIterable()
          .containsExactly("probability");
    }
    JsonNode output = signatures.path("unfamiliarity").path("outputs").path("unfamiliarity");
    assertThat(output.path("tensor_shape").path("dim").get(1).path("size").asText()).isEqualTo("1");
  }

  @Test
  void theSignatureOfTheSavedModelIsServed() throws Exception {
    float[] image = TinyBundle.pixels(FILES.get(2));
    String body =
        "{\"signature_name\": \"unfamiliarity\", \"instances\": ["
            + Http.nested(image, TinyBundle.SIZE)
            + "]}";
    JsonNode rows = http.post(PREDICT, body).json().path("predictions");
    assertThat(rows.get(0)).hasSize(1);
    assertThat(rows.get(0).get(0).doubleValue()).isCloseTo(expected[2], within(1e-4));
    Http.Answer classes =
        http.post(
            "/v1/models/deepxray:classify",
            "{\"signature_name\": \"unfamiliarity\", \"examples\": [{\"images\": [1]}]}");
    assertThat(classes.status()).isEqualTo(400);
    assertThat(classes.json().path("error").asText()).contains("has no classes; call :predict");
    try (ModelServer plain =
        ModelServer.start(
            TinyBundle.write(folder.resolve("plain"), SEED), VersionsTest.options(), line -> {})) {
      Http other = new Http(plain.uri());
      Http.Answer answer = other.post(PREDICT, body);
      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.json().path("error").asText())
          .isEqualTo("Serving signature name: \"unfamiliarity\" not found in signature def");
      assertThat(other.get("/api/model").json().has("unfamiliarityLimit")).isFalse();
      assertThat(other.post("/api/classify", FILES.get(0)).json().has("unfamiliar")).isFalse();
      assertThat(other.get("/monitoring/prometheus/metrics").body())
          .doesNotContain("deepxray_unfamiliar_total{");
    }
  }

  @Test
  void unfamiliarImagesAreCountedByVersion() throws Exception {
    Path bundle = TinyBundle.writeGuarded(folder.resolve("counted"), SEED, limit);
    try (ModelServer counted = ModelServer.start(bundle, VersionsTest.options(), line -> {})) {
      Http other = new Http(counted.uri());
      int familiar = IntStream.range(0, 6).filter(i -> expected[i] <= limit).findFirst().orElse(0);
      other.post("/api/classify", FILES.get(familiar));
      assertThat(other.get("/monitoring/prometheus/metrics").body())
          .contains("deepxray_unfamiliar_total{version=\"1\"} 0.0");
      other.post(PREDICT, Http.files(FILES.toArray(byte[][]::new)));
      assertThat(other.get("/monitoring/prometheus/metrics").body())
          .contains("deepxray_unfamiliar_total{version=\"1\"} 2.0");
    }
  }
}
