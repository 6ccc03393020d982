package io.github.deepxray.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.optimize.internal.GradCam;
import io.github.deepxray.optimize.internal.Passes;
import io.github.deepxray.testkit.ReferenceInterpreter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What clients get of a model that tells more than two classes apart. */
class SeveralClassesTest {
  private static final long SEED = 3;
  private static final String MODEL = "/v1/models/deepxray";

  @TempDir static Path folder;
  private static ModelServer server;
  private static Http http;

  @BeforeAll
  static void start() throws IOException {
    server =
        ModelServer.start(
            TinyBundle.writeClasses(folder.resolve("bundle"), SEED, TinyBundle.CLASSES),
            ServerOptions.DEFAULT.withPort(0).withWorkers(1),
            line -> {});
    http = new Http(server.uri());
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  /** By the definition of the network's layers. */
  private static double[] expected(byte[] file) {
    return new ReferenceInterpreter(TinyBundle.classes(SEED, TinyBundle.CLASSES.size()))
        .run(TinyBundle.pixels(file))
        .get("probabilities");
  }

  private static void assertProbabilities(JsonNode values, double[] expected) {
    assertThat(values).hasSize(expected.length);
    for (int c = 0; c < expected.length; c++) {
      assertThat(values.get(c).doubleValue()).isCloseTo(expected[c], within(1e-4));
    }
  }

  /** Some networks of two classes have a softmax, too. */
  @Test
  void ofTwoProbabilitiesTheSecondDecides() throws Exception {
    List<String> two = List.of("NORMAL", "PNEUMONIA");
    try (ModelServer other =
        ModelServer.start(
            TinyBundle.writeClasses(folder.resolve("two"), SEED, two),
            ServerOptions.DEFAULT.withPort(0).withWorkers(1),
            line -> {})) {
      Http client = new Http(other.uri());
      byte[][] files = {TinyBundle.jpeg(1, 40), TinyBundle.jpeg(2, 41), TinyBundle.jpeg(3, 42)};
      JsonNode rows = client.post(MODEL + ":predict", Http.files(files)).json().path("predictions");
      for (int i = 0; i < files.length; i++) {
        double[] expected =
            new ReferenceInterpreter(TinyBundle.classes(SEED, 2))
                .run(TinyBundle.pixels(files[i]))
                .get("probabilities");
        assertProbabilities(rows.get(i), expected);
        JsonNode said = client.post("/api/classify", files[i]).json();
        assertThat(said.path("probability").doubleValue()).isCloseTo(expected[1], within(1e-4));
      }
    }
  }

  @Test
  void predictGivesTheProbabilitiesOfEachImage() throws Exception {
    byte[][] files = new byte[5][];
    for (int i = 0; i < files.length; i++) {
      files[i] = TinyBundle.jpeg(i + 1, 40 + i);
    }
    JsonNode rows = http.post(MODEL + ":predict", Http.files(files)).json().path("predictions");
    assertThat(rows).hasSize(files.length);
    for (int i = 0; i < files.length; i++) {
      assertProbabilities(rows.get(i), expected(files[i]));
    }
    String column =
        "{\"signature_name\": \"serving_bytes\", \"inputs\": [{\"b64\": \""
            + Base64.getEncoder().encodeToString(files[0])
            + "\"}]}";
    JsonNode outputs = http.post(MODEL + ":predict", column).json().path("outputs");
    assertThat(outputs).hasSize(1);
    assertProbabilities(outputs.get(0), expected(files[0]));
  }

  @Test
  void classifyGivesEachClassItsScore() throws Exception {
    byte[] one = TinyBundle.jpeg(1, 50);
    byte[] other = TinyBundle.jpeg(2, 40);
    String request =
        "{\"examples\": [{\"image_bytes\": {\"b64\": \""
            + Base64.getEncoder().encodeToString(one)
            + "\"}}, {\"image_bytes\": {\"b64\": \""
            + Base64.getEncoder().encodeToString(other)
            + "\"}}]}";
    JsonNode results = http.post(MODEL + ":classify", request).json().path("results");
    assertThat(results).hasSize(2);
    for (int i = 0; i < 2; i++) {
      double[] expected = expected(i == 0 ? one : other);
      assertThat(results.get(i)).hasSize(3);
      for (int c = 0; c < 3; c++) {
        assertThat(results.get(i).get(c)).hasSize(2);
        assertThat(results.get(i).get(c).get(0).asText()).isEqualTo(TinyBundle.CLASSES.get(c));
        assertThat(results.get(i).get(c).get(1).doubleValue()).isCloseTo(expected[c], within(1e-4));
      }
    }
  }

  @Test
  void regressIsRefused() throws Exception {
    Http.Answer answer = http.post(MODEL + ":regress", "{\"examples\": [{}]}");
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.error()).contains("tensorflow/serving/regress").doesNotContain("\n");
  }

  @Test
  void theSignatureHasAsManyColumnsAsClasses() throws Exception {
    JsonNode map =
        http.get(MODEL + "/metadata")
            .json()
            .path("metadata")
            .path("signature_def")
            .path("signature_def");
    assertThat(map.properties()).hasSize(2);
    for (JsonNode signature : map) {
      JsonNode outputs = signature.path("outputs");
      assertThat(outputs.properties()).hasSize(1);
      assertThat(
              outputs
                  .path("probabilities")
                  .path("tensor_shape")
                  .path("dim")
                  .findValuesAsText("size"))
          .containsExactly("-1", "3");
    }
  }

  @Test
  void thePageLearnsOfAllClasses() throws Exception {
    JsonNode model = http.get("/api/model").json();
    assertThat(model.path("labels")).extracting(JsonNode::asText).isEqualTo(TinyBundle.CLASSES);
    assertThat(model.has("threshold")).isFalse();
    assertThat(model.path("explain").asBoolean()).isTrue();

    byte[] file = TinyBundle.jpeg(4, 60);
    JsonNode json = http.post("/api/classify", file).json();
    double[] expected = expected(file);
    double greatest = Arrays.stream(expected).max().orElseThrow();
    assertProbabilities(json.path("probabilities"), expected);
    assertThat(json.path("probability").doubleValue()).isCloseTo(greatest, within(1e-4));
    assertThat(expected[TinyBundle.CLASSES.indexOf(json.path("label").asText())])
        .isEqualTo(greatest);
    assertThat(List.of(json.has("positive"), json.has("threshold"))).containsOnly(false);

    double[] cells =
        new ReferenceInterpreter(
                Passes.explaining().apply(TinyBundle.classes(SEED, TinyBundle.CLASSES.size())))
            .run(TinyBundle.pixels(file))
            .get(GradCam.HEAT_MAP);
    double max = Arrays.stream(cells).max().orElseThrow();
    JsonNode values = json.path("heatMap").path("values");
    assertThat(values).hasSize(cells.length);
    for (int i = 0; i < cells.length; i++) {
      assertThat(values.get(i).doubleValue()).isCloseTo(max > 0 ? cells[i] / max : 0, within(1e-3));
    }
  }
}
