package io.github.deepxray.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.classify.Artifact;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.testkit.Fixtures;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The contract of TensorFlow Serving's REST interface, from its public description. */
class TensorFlowServingTest {
  private static final long SEED = 1;
  private static final String PREDICT = "/v1/models/deepxray:predict";
  private static final String CLASSIFY = "/v1/models/deepxray:classify";

  @TempDir static Path folder;
  private static ModelServer server;
  private static Http http;
  private static byte[] file;
  private static byte[] other;
  private static float[] image;

  @BeforeAll
  static void start() throws IOException {
    server =
        ModelServer.start(
            TinyBundle.write(folder.resolve("bundle"), SEED),
            ServerOptions.DEFAULT
                .withPort(0)
                .withWorkers(1)
                .withEngine(Artifact.FLOAT32)
                .withVersionLabels(Map.of("stable", 1L, "canary", 2L)),
            line -> {});
    http = new Http(server.uri());
    file = TinyBundle.jpeg(1, 50);
    other = TinyBundle.jpeg(2, 40);
    image = Fixtures.randomImages(Fixtures.smallNetwork(TinyBundle.SIZE), 1, 5);
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static void assertProbability(JsonNode value, double expected) {
    assertThat(value.isArray()).as(value.toString()).isTrue();
    assertThat(value).hasSize(1);
    assertThat(value.get(0).doubleValue()).isCloseTo(expected, within(1e-4));
  }

  private static String nested() {
    return Http.nested(image, TinyBundle.SIZE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        PREDICT,
        "/v1/models/deepxray/versions/1:predict",
        "/v1/models/deepxray/labels/stable:predict",
        "/V1/Models/deepxray/Versions/1:PREDICT",
        "/v1/models/%64eepxray:predict"
      })
  void predictsRowsOfNumbers(String path) throws Exception {
    Http.Answer answer = http.post(path, "{\"instances\": [" + nested() + "]}");
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    assertThat(answer.header("Content-Type")).isEqualTo("application/json");
    assertThat(answer.json().properties()).hasSize(1);
    assertThat(answer.json().path("predictions")).hasSize(1);
    assertProbability(answer.json().path("predictions").get(0), TinyBundle.expected(SEED, image));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"inputs\": [%s]}",
        "{\"inputs\": {\"images\": [%s]}}",
        "{\"inputs\": {\"images\": [%s], \"unknown\": 3}}",
        "{\"signature_name\": \"serving_default\", \"inputs\": [%s]}",
        "{\"signature_name\": \"\", \"inputs\": [%s]}",
        "{\"inputs\": [%s], \"signature_name\": \"serving_default\", \"unknown\": {\"a\": [1]}}"
      })
  void predictsColumns(String request) throws Exception {
    Http.Answer answer = http.post(PREDICT, request.formatted(nested()));
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    assertThat(answer.json().properties()).hasSize(1);
    assertThat(answer.json().path("outputs")).hasSize(1);
    assertProbability(answer.json().path("outputs").get(0), TinyBundle.expected(SEED, image));
  }

  @Test
  void predictsNamedRows() throws Exception {
    Http.Answer answer =
        http.post(
            PREDICT,
            "{\"instances\": [{\"images\": " + nested() + "}, {\"images\": " + nested() + "}]}");
    assertThat(answer.json().path("predictions")).as(answer.body()).hasSize(2);
    assertProbability(answer.json().path("predictions").get(1), TinyBundle.expected(SEED, image));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"instances\": [#1, #2], \"signature_name\": \"serving_bytes\"} | predictions",
        "{\"signature_name\": \"serving_bytes\", \"instances\": [{\"image_bytes\": #1},"
            + " {\"image_bytes\": #2}]} | predictions",
        "{\"signature_name\": \"serving_bytes\", \"inputs\": [#1, #2]} | outputs",
        "{\"signature_name\": \"serving_bytes\", \"inputs\": {\"image_bytes\": [#1, #2]}} |"
            + " outputs",
      })
  void predictsFiles(String request, String key) throws Exception {
    Http.Answer answer =
        http.post(PREDICT, request.replace("#1", Http.b64(file)).replace("#2", Http.b64(other)));
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    assertThat(answer.json().path(key)).hasSize(2);
    assertProbability(answer.json().path(key).get(0), TinyBundle.expected(SEED, file));
    assertProbability(answer.json().path(key).get(1), TinyBundle.expected(SEED, other));
  }

  @Test
  void base64MayLackItsPadding() throws Exception {
    String unpadded = Base64.getEncoder().withoutPadding().encodeToString(file);
    Http.Answer answer =
        http.post(
            PREDICT,
            "{\"signature_name\": \"serving_bytes\", \"instances\": [{\"b64\": \""
                + unpadded
                + "\"}]}");
    assertProbability(answer.json().path("predictions").get(0), TinyBundle.expected(SEED, file));
  }

  @Test
  void classifiesExamples() throws Exception {
    StringBuilder flat = new StringBuilder();
    for (float value : image) {
      flat.append(flat.length() == 0 ? "" : ", ").append(value);
    }
    for (String request :
        new String[] {
          "{\"examples\": [{\"images\": [" + flat + "]}]}",
          "{\"context\": {\"images\": [" + flat + "]}, \"examples\": [{}]}"
        }) {
      Http.Answer answer = http.post(CLASSIFY, request);
      assertThat(answer.status()).as(answer.body()).isEqualTo(200);
      assertClasses(answer.json().path("results"), TinyBundle.expected(SEED, image));
    }
    for (String request :
        new String[] {
          "{\"examples\": [{\"image_bytes\": " + Http.b64(file) + "}]}",
          "{\"signature_name\": \"serving_bytes\", \"examples\": [{\"image_bytes\": ["
              + Http.b64(file)
              + "]}]}"
        }) {
      Http.Answer answer = http.post(CLASSIFY, request);
      assertThat(answer.status()).as(answer.body()).isEqualTo(200);
      assertClasses(answer.json().path("results"), TinyBundle.expected(SEED, file));
    }
  }

  private static void assertClasses(JsonNode results, double probability) {
    assertThat(results).hasSize(1);
    assertThat(results.get(0)).hasSize(2);
    JsonNode normal = results.get(0).get(0);
    JsonNode pneumonia = results.get(0).get(1);
    assertThat(normal.get(0).asText()).isEqualTo("NORMAL");
    assertThat(normal.get(1).doubleValue()).isCloseTo(1 - probability, within(1e-4));
    assertThat(pneumonia.get(0).asText()).isEqualTo("PNEUMONIA");
    assertThat(pneumonia.get(1).doubleValue()).isCloseTo(probability, within(1e-4));
  }

  @ParameterizedTest
  @ValueSource(strings = {"NaN", "Infinity", "-Infinity"})
  void readsAndWritesTheTokensThatJsonLacks(String token) throws Exception {
    StringBuilder pixels = new StringBuilder(nested());
    int comma = pixels.indexOf(",");
    pixels.replace(3, comma, token);
    Http.Answer answer = http.post(PREDICT, "{\"instances\": [" + pixels + "]}");
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    // Whatever comes of it, it is a number or one of the tokens, without quotes.
    try (JsonParser json =
        JsonFactory.builder()
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build()
            .createParser(answer.body())) {
      JsonToken last = json.nextToken();
      while (!last.isNumeric()) {
        assertThat(last).isNotEqualTo(JsonToken.VALUE_STRING);
        last = json.nextToken();
      }
      if (token.equals("NaN")) {
        assertThat(json.getText()).isEqualTo("NaN");
      }
    }
  }

  @Test
  void tellsTheStatus() throws Exception {
    JsonNode expected =
        Json.parse(
            """
            {"model_version_status": [
              {"version": "1", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
            ]}
            """,
            "test");
    for (String path :
        new String[] {
          "/v1/models/deepxray",
          "/v1/models/deepxray/versions/1",
          "/v1/models/deepxray/labels/stable"
        }) {
      Http.Answer answer = http.get(path);
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.json()).isEqualTo(expected);
    }
  }

  @Test
  void tellsTheSignatures() throws Exception {
    for (String path :
        new String[] {"/v1/models/deepxray/metadata", "/v1/models/deepxray/versions/1/metadata"}) {
      JsonNode json = http.get(path).json();
      assertThat(json.path("model_spec"))
          .isEqualTo(
              Json.parse(
                  "{\"name\": \"deepxray\", \"signature_name\": \"\", \"version\": \"1\"}",
                  "test"));
      JsonNode map = json.path("metadata").path("signature_def").path("signature_def");
      assertThat(map.properties()).hasSize(2);
      JsonNode images = map.path("serving_default").path("inputs").path("images");
      assertThat(images.path("dtype").asText()).isEqualTo("DT_FLOAT");
      assertThat(images.path("tensor_shape").path("unknown_rank").asBoolean(true)).isFalse();
      assertThat(images.path("tensor_shape").path("dim").findValuesAsText("size"))
          .containsExactly("-1", "32", "32", "3");
      JsonNode bytes = map.path("serving_bytes").path("inputs").path("image_bytes");
      assertThat(bytes.path("dtype").asText()).isEqualTo("DT_STRING");
      assertThat(bytes.path("tensor_shape").path("dim").findValuesAsText("size"))
          .containsExactly("-1");
      for (JsonNode signature : map) {
        assertThat(signature.path("method_name").asText()).isEqualTo("tensorflow/serving/predict");
        assertThat(
                signature
                    .path("outputs")
                    .path("probability")
                    .path("tensor_shape")
                    .path("dim")
                    .findValuesAsText("size"))
            .containsExactly("-1", "1");
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "GET  | /v1/foo | 400 | Malformed request: GET /v1/foo",
        "POST | /v1/foo | 400 | Malformed request: POST /v1/foo",
        "GET  | /v1/models | 400 | Missing model name",
        "POST | /v1/models | 400 | Malformed request",
        "GET  | /v1/models/deepxray:predict | 400 | Malformed request",
        "PUT  | /v1/models/deepxray:predict | 400 | Malformed request",
        "GET  | /v1/models/foo/version/50 | 400 | Malformed request",
        "POST | /v1/models/foo/version/50:regress | 400 | Malformed request",
        "POST | /v1/models/foo/versions/HELLO:predict | 400 | Malformed request",
        "POST | /v1/models/foo/versions/1/labels/stable:predict | 400 | Malformed request",
        "POST | /v1/models/foo/versions/18446744073709551615:regress | 400 | Failed to convert"
            + " version",
        "POST | /v1/models/foo:predict | 404 | Servable not found for request: Latest(foo)",
        "POST | /v1/models/foo/versions/50:predict | 404 | Servable not found for request:"
            + " Specific(foo, 50)",
        "POST | /v1/models/deepxray/versions/99:predict | 404 | Servable not found for request:"
            + " Specific(deepxray, 99)",
        "POST | /v1/models/deepxray/labels/nope:predict | 400 | Unrecognized servable version"
            + " label: nope",
        "POST | /v1/models/deepxray/labels/canary:predict | 404 | Servable not found for request:"
            + " Specific(deepxray, 2)",
        "POST | /v1/models/deepxray:regress | 400 | tensorflow/serving/regress",
        "GET  | /v1/models/foo | 404 | Could not find any versions of model foo",
        "GET  | /v1/models/foo/versions/3 | 404 | Could not find version 3 of model foo",
        "GET  | /v1/models/deepxray/versions/3 | 404 | Could not find version 3 of model deepxray",
        "GET  | /v1/models/foo/metadata | 404 | Servable not found for request: Latest(foo)",
        "GET  | /nothing | 404 | /nothing",
      })
  void refusesWhatItDoesNotServe(String method, String path, int status, String message)
      throws Exception {
    Http.Answer answer =
        http.send(
            http.request(path)
                .method(
                    method.strip(),
                    method.startsWith("P")
                        ? BodyPublishers.ofString("{\"instances\": [1]}")
                        : BodyPublishers.noBody()));
    assertThat(answer.status()).as(answer.body()).isEqualTo(status);
    assertThat(answer.header("Content-Type")).isEqualTo("application/json");
    assertThat(answer.json().properties()).hasSize(1);
    assertThat(answer.error()).contains(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'' | JSON Parse error: The document is empty",
        "instances = [1, 2] | JSON Parse error",
        "{\"instances\": [1, | JSON Parse error",
        "{\"instances\": [1]} {} | JSON Parse error",
        "[1, 2] | object",
        "{} | Missing 'inputs' or 'instances' key",
        "{\"instances\": [[1]], \"inputs\": [[1]]} | only one of 'inputs' or 'instances'",
        "{\"instances\": 1} | 'instances' to be a list/array",
        "{\"instances\": {\"b64\": \"\"}} | 'instances' to be a list/array",
        "{\"instances\": []} | No values in 'instances' array",
        "{\"signature_name\": 100, \"instances\": [1]} | 'signature_name' key must be a string",
        "{\"signature_name\": \"other\", \"instances\": [1]} | Serving signature name: \"other\""
            + " not found",
        "{\"instances\": [\"x\"]} | not of expected type: float",
        "{\"instances\": [true]} | neither a number nor a string",
        "{\"instances\": [null]} | neither a number nor a string",
        "{\"instances\": [{\"b64\": \"AAAA\"}]} | not of expected type: float",
        "{\"instances\": [[[[1, 2, 3]]]]} | expected [N, 32, 32, 3]",
        "{\"instances\": [1, [2]]} | unexpected level",
        "{\"instances\": [[1], 2]} | incorrect level",
        "{\"instances\": [[1, 2], [3]]} | unexpected size: 1 at level: 1 expected size: 2",
        "{\"instances\": [[1], [[2]]]} | unexpected level",
        "{\"instances\": [[[[[[[[[1]]]]]]]]]} | unexpected level",
        "{\"instances\": [[1], {\"images\": [1]}]} | element 1",
        "{\"instances\": [{\"images\": [1]}, [1]]} | element 1",
        "{\"instances\": [{\"images\": [1]}, {}]} | keys must be equal to: images",
        "{\"instances\": [{\"images\": [1]}, {\"b\": [1]}]} | key: b",
        "{\"instances\": [{\"pictures\": [1]}]} | must have the keys: images, not pictures",
        "{\"instances\": [{}]} | must have the keys: images",
        "{\"instances\": [16777217]} | without loss of precision",
        "{\"instances\": [1e39]} | without loss of precision",
        "{\"inputs\": {\"pictures\": [1]}} | Missing named input: images",
        "{\"inputs\": 5} | expected [N, 32, 32, 3]",
        "{\"signature_name\": \"serving_bytes\", \"instances\": [1]} | not of expected type:"
            + " string",
        "{\"signature_name\": \"serving_bytes\", \"instances\": [{\"b64\": \"?\"}]} | Unable to"
            + " base64 decode",
        "{\"signature_name\": \"serving_bytes\", \"instances\": [{\"b64\": 1}]} | not formatted"
            + " correctly for base64",
        "{\"signature_name\": \"serving_bytes\", \"instances\": [{\"b64\": \"\", \"a\": 1}]} | not"
            + " formatted correctly for base64",
        "{\"signature_name\": \"serving_bytes\", \"instances\": [{\"b64\": \"\"}]} | is empty",
        "{\"signature_name\": \"serving_bytes\", \"instances\": [\"text\"]} | neither JPEG nor PNG",
        "{\"signature_name\": \"serving_bytes\", \"inputs\": {\"b64\": \"AAAA\"}} | expected [N]",
      })
  void refusesWrongPredictRequests(String request, String message) throws Exception {
    Http.Answer answer = http.post(PREDICT, request);
    assertThat(answer.status()).as(answer.body()).isEqualTo(400);
    assertThat(answer.json().properties()).hasSize(1);
    assertThat(answer.error()).contains(message).doesNotContain("Exception", "\tat ");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{} | 'examples' is expected and was not found",
        "{\"examples\": 1} | 'examples' value to be a list/array",
        "{\"examples\": []} | 'examples' value is an empty array",
        "{\"examples\": [1]} | Example must be JSON object",
        "{\"examples\": [{}], \"context\": 1} | Example must be JSON object",
        "{\"examples\": [{}]} | Example 0 has no feature images",
        "{\"examples\": [{\"images\": [1, 2]}]} | has 2 values; expected 3072",
        "{\"examples\": [{\"image_bytes\": [\"a\", \"b\"]}]} | must be one file",
        "{\"signature_name\": \"serving_default\", \"examples\": [{\"image_bytes\": \"a\"}]} | no"
            + " feature images",
        "{\"signature_name\": \"other\", \"examples\": [{}]} | not found in signature def",
      })
  void refusesWrongClassifyRequests(String request, String message) throws Exception {
    Http.Answer answer = http.post(CLASSIFY, request);
    assertThat(answer.status()).as(answer.body()).isEqualTo(400);
    assertThat(answer.error()).contains(message);
  }

  @Test
  void oneBadImageFailsItsRequestAndNoOther() throws Exception {
    byte[] broken = Arrays.copyOf(file, file.length / 2);
    Http.Answer answer = http.post(PREDICT, Http.files(file, broken));
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.error()).contains("Image 1 cannot be decoded");
    assertThat(http.post(PREDICT, Http.files(file)).status()).isEqualTo(200);
  }

  @Test
  void aQueryIsIgnored() throws Exception {
    assertThat(http.post(PREDICT + "?a=b", Http.files(file)).status()).isEqualTo(200);
  }

  @Test
  void hundredsOfRequestsUseOneConnection() throws Exception {
    for (int i = 0; i < 300; i++) {
      assertThat(http.post(PREDICT, Http.files(other)).status()).isEqualTo(200);
    }
  }
}
