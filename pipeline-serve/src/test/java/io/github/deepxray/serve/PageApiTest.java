package io.github.deepxray.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.ArtifactReport;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.classify.Verdict;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.Resizer;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.datasets.Slice;
import io.github.deepxray.datasets.phantom.Phantom;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class PageApiTest {
  private static final long SEED = 2;

  @TempDir static Path folder;
  private static ModelServer server;
  private static Http http;

  @BeforeAll
  static void start() throws IOException {
    server =
        ModelServer.start(
            TinyBundle.writeExplaining(folder.resolve("bundle"), SEED), options(), line -> {});
    http = new Http(server.uri());
  }

  private static ServerOptions options() {
    return ServerOptions.DEFAULT
        .withPort(0)
        .withWorkers(1)
        .withSamples(
            Map.of(
                "viral-1.png",
                () -> Phantom.draw(Slice.VIRAL, 3, 1, 1, 300),
                "normal-1.png",
                () -> Phantom.draw(Slice.NORMAL, 3, 1, 1, 300)));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void tellsAboutTheModel() throws Exception {
    JsonNode model = http.get("/api/model").json();
    assertThat(model.path("name").asText()).isEqualTo("deepxray");
    assertThat(model.path("version").asText()).isEqualTo("1");
    // The smallest that is blessed.
    assertThat(model.path("engine").asText()).isEqualTo("dynamic");
    assertThat(model.path("labels")).hasSize(2);
    assertThat(model.path("labels").get(1).asText()).isEqualTo("PNEUMONIA");
    assertThat(model.path("threshold").doubleValue()).isEqualTo(TinyBundle.THRESHOLD);
    assertThat(model.path("modelCard").asText()).isEqualTo(TinyBundle.CARD);
    assertThat(model.path("metrics").path("auc").doubleValue()).isEqualTo(0.5);
    assertThat(model.path("artifacts").path("artifacts")).hasSize(2);
    assertThat(model.path("explain").asBoolean()).isTrue();
  }

  @Test
  void classifiesAFileAndShowsWhere() throws Exception {
    byte[] file = TinyBundle.jpeg(4, 60);
    JsonNode json = http.post("/api/classify", file).json();
    double expected = TinyBundle.expected(SEED, file);
    double probability = json.path("probability").doubleValue();
    // Of the dynamic form.
    assertThat(probability).isCloseTo(expected, within(0.05));
    assertThat(json.path("threshold").doubleValue()).isEqualTo(TinyBundle.THRESHOLD);
    assertThat(json.path("label").asText())
        .isEqualTo(probability >= TinyBundle.THRESHOLD ? "PNEUMONIA" : "NORMAL");
    assertThat(json.path("positive").asBoolean())
        .isEqualTo(json.path("label").asText().equals("PNEUMONIA"));
    assertThat(json.path("width").intValue()).isEqualTo(60);
    assertThat(json.path("height").intValue()).isEqualTo(60);
    JsonNode map = json.path("heatMap");
    double[] cells = TinyBundle.expectedMap(SEED, file);
    double max = Arrays.stream(cells).max().orElseThrow();
    assertThat(map.path("values")).hasSize(cells.length);
    assertThat(map.path("width").intValue() * map.path("height").intValue())
        .isEqualTo(cells.length);
    for (int i = 0; i < cells.length; i++) {
      double share = max > 0 ? cells[i] / max : 0;
      assertThat(map.path("values").get(i).doubleValue()).isCloseTo(share, within(1e-3));
    }
  }

  /** Both interfaces make a wide file what the network reads as the bundle says. */
  @ParameterizedTest
  @EnumSource(Fit.class)
  void filesOfOtherShapesAreFitted(Fit fit) throws Exception {
    RgbImage wide = Resizer.resize(ImageCodec.decode(TinyBundle.jpeg(4, 60), "test"), 60, 100);
    RgbImage fitted = fit.apply(wide, TinyBundle.SIZE, TinyBundle.SIZE);
    Path bundle = TinyBundle.writeExplaining(folder.resolve(fit.key()), SEED);
    Path artifacts = bundle.resolve(ArtifactReport.FILE);
    ArtifactReport.write(artifacts, fit, new Bundle(bundle).artifacts());
    Files.writeString(bundle.resolve(Bundle.CHECKSUMS), Bundle.checksums(bundle));
    try (ModelServer fitting =
        ModelServer.start(bundle, options().withEngine(Artifact.FLOAT32), line -> {})) {
      Http client = new Http(fitting.uri());
      byte[] file = ImageCodec.encodePng(wide);
      double expected = TinyBundle.expected(SEED, ImageCodec.encodePng(fitted));
      JsonNode json = client.post("/api/classify", file).json();
      assertThat(json.path("probability").doubleValue()).isCloseTo(expected, within(1e-4));
      assertThat(json.path("width").intValue()).isEqualTo(100);
      Fit.Region region = fit.region(wide, TinyBundle.SIZE, TinyBundle.SIZE);
      JsonNode sent = json.path("heatMap").path("region");
      assertThat(sent.path("left").doubleValue()).isEqualTo(region.left());
      assertThat(sent.path("top").doubleValue()).isEqualTo(region.top());
      assertThat(sent.path("width").doubleValue()).isEqualTo(region.width());
      assertThat(sent.path("height").doubleValue()).isEqualTo(region.height());
      JsonNode predictions =
          client
              .post(
                  "/v1/models/deepxray:predict",
                  ("{\"signature_name\": \"serving_bytes\", \"instances\": [{\"b64\": \""
                          + Base64.getEncoder().encodeToString(file)
                          + "\"}]}")
                      .getBytes(StandardCharsets.UTF_8))
              .json();
      assertThat(predictions.path("predictions").get(0).get(0).doubleValue())
          .isCloseTo(expected, within(1e-4));
    }
  }

  @Test
  void withoutTheModelForItThereIsNoHeatMap() throws Exception {
    try (ModelServer plain =
        ModelServer.start(TinyBundle.write(folder.resolve("plain"), 1), options(), line -> {})) {
      Http client = new Http(plain.uri());
      JsonNode json = client.post("/api/classify", TinyBundle.jpeg(4, 60)).json();
      assertThat(json.has("probability")).isTrue();
      assertThat(json.has("heatMap")).isFalse();
      assertThat(client.get("/api/model").json().path("explain").asBoolean(true)).isFalse();
    }
  }

  @Test
  void aFormThatTheGateRefusedIsNotChosen() throws Exception {
    Verdict refused = new Verdict(Map.of(), List.of("too far off"));
    try (ModelServer other =
        ModelServer.start(
            TinyBundle.write(folder.resolve("refused"), 1, refused, false),
            options(),
            line -> {})) {
      assertThat(new Http(other.uri()).get("/api/model").json().path("engine").asText())
          .isEqualTo("float32");
    }
  }

  @Test
  void whatIsNoImageIsRefused() throws Exception {
    for (byte[] bytes :
        List.of(new byte[0], "text".getBytes(StandardCharsets.UTF_8), new byte[1000])) {
      Http.Answer answer = http.post("/api/classify", bytes);
      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.error()).startsWith("The image ");
    }
    assertThat(http.get("/api/classify").status()).isEqualTo(405);
    assertThat(http.get("/api/nothing").status()).isEqualTo(404);
  }

  @Test
  void hasSamplesToTry() throws Exception {
    JsonNode names = http.get("/api/samples").json();
    assertThat(names).extracting(JsonNode::asText).containsExactly("normal-1.png", "viral-1.png");
    for (JsonNode name : names) {
      Http.Answer answer = http.get("/api/samples/" + name.asText());
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.header("Content-Type")).isEqualTo("image/png");
      assertThat(ImageIO.read(new ByteArrayInputStream(answer.raw().body())).getWidth())
          .isGreaterThan(200);
    }
    byte[] sample = http.get("/api/samples/" + names.get(0).asText()).raw().body();
    assertThat(http.post("/api/classify", sample).status()).isEqualTo(200);
    assertThat(http.get("/api/samples/other.png").status()).isEqualTo(404);
  }

  @Test
  void thePageComesWithAPolicy() throws Exception {
    for (String path : List.of("/", "/index.html")) {
      Http.Answer answer = http.get(path);
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.header("Content-Type")).startsWith("text/html");
      assertThat(answer.header("Content-Security-Policy")).contains("default-src 'none'");
      assertThat(answer.header("X-Content-Type-Options")).isEqualTo("nosniff");
      assertThat(answer.body()).containsIgnoringCase("not a medical device");
      Http.Answer again =
          http.send(http.request(path).header("If-None-Match", answer.header("ETag")));
      assertThat(again.status()).isEqualTo(304);
      Http.Answer head = http.send(http.request(path).method("HEAD", BodyPublishers.noBody()));
      assertThat(head.status()).isEqualTo(200);
      assertThat(head.raw().body()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/nothing.html",
        "/../serve/Api.class",
        "/../META-INF/MANIFEST.MF",
        "/index.html/",
        "/io/github/deepxray/serve/Api.class"
      })
  void nothingElseOfTheClassPathIsServed(String path) throws Exception {
    assertThat(http.get(path).status()).isIn(400, 404);
  }
}
