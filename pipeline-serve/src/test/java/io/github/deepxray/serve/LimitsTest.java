package io.github.deepxray.serve;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.Verdict;
import io.github.deepxray.core.DeepXrayException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.zip.CRC32;
import java.util.zip.GZIPOutputStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LimitsTest {
  private static final int MAX_REQUEST = 1 << 20;
  private static final String CLASSIFY = "/v1/models/deepxray:classify";
  private static final String PREDICT = "/v1/models/deepxray:predict";

  @TempDir static Path folder;
  private static final List<String> LOG = new CopyOnWriteArrayList<>();
  private static ModelServer server;

  /** One that well-behaved clients have no time for: it closes their idle connections, too. */
  private static ModelServer impatient;

  private static Http http;
  private static byte[] file;

  @BeforeAll
  static void start() throws IOException {
    server =
        ModelServer.start(
            TinyBundle.write(folder.resolve("bundle"), 1),
            ServerOptions.DEFAULT
                .withPort(0)
                .withWorkers(1)
                .withMaxRequestBytes(MAX_REQUEST)
                .withMaxPixels(10_000)
                .withMaxImages(3),
            LOG::add);
    impatient =
        ModelServer.start(
            folder.resolve("bundle"),
            ServerOptions.DEFAULT
                .withPort(0)
                .withWorkers(1)
                .withReadTimeout(Duration.ofMillis(700)),
            line -> {});
    http = new Http(server.uri());
    file = TinyBundle.jpeg(1, 50);
  }

  @AfterAll
  static void stop() {
    server.close();
    impatient.close();
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
      out.write(bytes);
    }
    return packed.toByteArray();
  }

  private static Http.Answer postGzip(byte[] packed) throws Exception {
    return http.send(
        http.request(PREDICT)
            .header("Content-Encoding", "gzip")
            .POST(BodyPublishers.ofByteArray(packed)));
  }

  @Test
  void aBodyThatIsTooLargeIsRefusedHoweverItComes() throws Exception {
    byte[] large = new byte[MAX_REQUEST + 1];
    Http.Answer announced = http.post(PREDICT, large);
    assertThat(announced.status()).isEqualTo(413);
    assertThat(announced.error()).contains(Integer.toString(MAX_REQUEST));
    Http.Answer chunked =
        http.send(
            http.request(PREDICT)
                .POST(BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(large))));
    assertThat(chunked.status()).isEqualTo(413);
    assertThat(http.post("/api/classify", large).status()).isEqualTo(413);
    // Far too large: the server reads on for the client's sake, but keeps nothing.
    assertThat(http.post(PREDICT, new byte[40 * MAX_REQUEST]).status()).isEqualTo(413);
    assertThat(http.post(PREDICT, Http.files(file)).status()).isEqualTo(200);
  }

  @Test
  void aBodyOfExactlyTheLimitIsTaken() throws Exception {
    String request = Http.files(file);
    String padded = request + " ".repeat(MAX_REQUEST - request.length());
    assertThat(http.post(PREDICT, padded).status()).isEqualTo(200);
    Http.Answer chunked =
        http.send(
            http.request(PREDICT)
                .POST(
                    BodyPublishers.ofInputStream(
                        () -> new ByteArrayInputStream(padded.getBytes(StandardCharsets.UTF_8)))));
    assertThat(chunked.status()).isEqualTo(200);
  }

  @Test
  void gzipIsUnpackedAsFarAsAllowed() throws Exception {
    assertThat(postGzip(gzip(Http.files(file).getBytes(StandardCharsets.UTF_8))).status())
        .isEqualTo(200);
    // Half a gigabyte in half a megabyte.
    ByteArrayOutputStream bomb = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bomb)) {
      byte[] blanks = " ".repeat(1 << 20).getBytes(StandardCharsets.UTF_8);
      for (int i = 0; i < 512; i++) {
        out.write(blanks);
      }
    }
    assertThat(bomb.size()).isLessThan(MAX_REQUEST);
    assertThat(postGzip(bomb.toByteArray()).status()).isEqualTo(413);
    Http.Answer damaged = postGzip("no gzip".getBytes(StandardCharsets.UTF_8));
    assertThat(damaged.status()).isEqualTo(400);
    assertThat(damaged.error()).contains("gzip");
    Http.Answer other =
        http.send(
            http.request(PREDICT)
                .header("Content-Encoding", "br")
                .POST(BodyPublishers.ofString("{}")));
    assertThat(other.status()).isEqualTo(415);
  }

  @Test
  void jsonThatIsNestedTooDeepIsRefused() throws Exception {
    for (String text :
        List.of(
            "{\"a\": ".repeat(5000) + "1" + "}".repeat(5000),
            "{\"a\": " + "[".repeat(100_000),
            "{\"instances\": " + "[".repeat(100_000) + "]".repeat(100_000) + "}")) {
      Http.Answer answer = http.post(PREDICT, text);
      assertThat(answer.status()).isEqualTo(400);
    }
  }

  @Test
  void imagesOfTooManyPixelsAreRefusedBeforeTheyAreDecoded() throws Exception {
    Http.Answer answer = http.post(PREDICT, Http.files(TinyBundle.jpeg(1, 101)));
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.error()).contains("101 x 101", "10000");
    // A few kilobytes that announce a gigapixel.
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    ImageIO.write(new BufferedImage(1, 1, BufferedImage.TYPE_BYTE_GRAY), "png", png);
    byte[] bomb = png.toByteArray();
    // IHDR: width and height, with the checksum that fits them.
    byte[] size = {0, 0, (byte) 0x80, 0, 0, 0, (byte) 0x80, 0};
    System.arraycopy(size, 0, bomb, 16, size.length);
    CRC32 crc = new CRC32();
    crc.update(bomb, 12, 17);
    for (int i = 0; i < 4; i++) {
      bomb[29 + i] = (byte) (crc.getValue() >> (24 - 8 * i));
    }
    for (String path : List.of(PREDICT, "/api/classify")) {
      Http.Answer refused =
          path.equals(PREDICT) ? http.post(path, Http.files(bomb)) : http.post(path, bomb);
      assertThat(refused.status()).isEqualTo(400);
      assertThat(refused.error()).contains("32768 x 32768");
    }
  }

  @Test
  void moreImagesThanAllowedAreRefused() throws Exception {
    assertThat(http.post(PREDICT, Http.files(file, file, file)).status()).isEqualTo(200);
    Http.Answer answer = http.post(PREDICT, Http.files(file, file, file, file));
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.error()).contains("more than 3 images", "1 to 3");
    String image = Http.b64(file);
    for (String body :
        List.of(
            "{\"signature_name\": \"serving_bytes\", \"inputs\": ["
                + String.join(",", image, image, image, image)
                + "]}",
            "{\"instances\": [{},{},{},{}]}")) {
      assertThat(http.post(PREDICT, body).error()).contains("1 to 3");
    }
    assertThat(http.post(CLASSIFY, "{\"examples\": [{},{},{},{}]}").error()).contains("1 to 3");
  }

  @Test
  void aSmallRequestOfManyThingsTakesNoMemory() {
    byte[] examples =
        ("{\"examples\": [" + "{\"a\":1},".repeat(1_000_000) + "{}]}").getBytes(UTF_8);
    byte[] instances = ("{\"instances\": [" + "{},".repeat(1_000_000) + "{}]}").getBytes(UTF_8);
    byte[] texts = ("{\"inputs\": [" + "\"\",".repeat(1_000_000) + "\"\"]}").getBytes(UTF_8);
    StringBuilder names = new StringBuilder("{\"inputs\": {\"0\": 1");
    for (int i = 1; i < 100_000; i++) {
      names.append(",\"").append(i).append("\":1");
    }
    byte[] many = names.append("}}").toString().getBytes(UTF_8);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long thread = Thread.currentThread().getId();
    for (byte[] body : List.of(examples, instances, texts, many)) {
      long before = threads.getThreadAllocatedBytes(thread);
      assertThatThrownBy(() -> JsonRequest.parse(body, 256))
          .isInstanceOfSatisfying(ApiException.class, e -> assertThat(e.status()).isEqualTo(400));
      assertThat(threads.getThreadAllocatedBytes(thread) - before).isLessThan(5 << 20);
    }
  }

  @Test
  void theTimeOfTheUploadIsNotThatOfTheWork() throws Exception {
    try (ModelServer quick =
        ModelServer.start(
            folder.resolve("bundle"),
            ServerOptions.DEFAULT.withPort(0).withWorkers(1).withDeadline(Duration.ofMillis(1500)),
            line -> {})) {
      try (Raw raw = new Raw(quick)) {
        String body = Http.files(file);
        raw.send(
            "POST "
                + PREDICT
                + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: "
                + body.length()
                + "\r\n\r\n"
                + body.substring(0, 100));
        Thread.sleep(1700);
        raw.send(body.substring(100));
        assertThat(raw.readToEnd()).startsWith("HTTP/1.1 200 ");
      }
    }
  }

  @Test
  void whoStopsInTheMiddleOfTheBodyIsCutOff() throws Exception {
    try (Raw raw = new Raw(impatient)) {
      raw.send("POST " + PREDICT + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n");
      raw.send("{".repeat(500));
      assertThat(raw.readToEnd()).startsWith("HTTP/1.1 408 ");
    }
  }

  @Test
  void onLoopbackItGoesByNoOtherName() throws Exception {
    for (String host :
        List.of("localhost", "127.0.0.1:" + server.port(), "[::1]:80", "LOCALHOST")) {
      assertThat(named(server, "/", host)).as(host).startsWith("HTTP/1.1 200 ");
    }
    for (String host : List.of("evil.example", "127.0.0.1.evil.example:80", "10.0.0.1")) {
      for (String path : List.of("/", "/api/model", "/v1/models/deepxray")) {
        assertThat(named(server, path, host)).as(host).startsWith("HTTP/1.1 403 ");
      }
      // What probes by another name learns nothing.
      assertThat(named(server, "/healthz", host)).startsWith("HTTP/1.1 200 ");
    }
    try (ModelServer called =
        ModelServer.start(
            folder.resolve("bundle"),
            ServerOptions.DEFAULT
                .withPort(0)
                .withWorkers(1)
                .withAllowedHosts(Set.of("Xray.example")),
            line -> {})) {
      assertThat(named(called, "/", "xray.example:8080")).startsWith("HTTP/1.1 200 ");
      assertThat(named(called, "/", "localhost")).startsWith("HTTP/1.1 200 ");
      assertThat(named(called, "/", "evil.example")).startsWith("HTTP/1.1 403 ");
    }
  }

  private static String named(ModelServer server, String path, String host) throws IOException {
    try (Raw raw = new Raw(server)) {
      raw.send("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
      return raw.readToEnd();
    }
  }

  @Test
  void whatIsUnwiseIsSaid() throws Exception {
    List<String> log = new CopyOnWriteArrayList<>();
    Path doubtful =
        TinyBundle.write(
            folder.resolve("doubtful"), 1, new Verdict(Map.of(), List.of("too far off")), false);
    try (ModelServer open =
        ModelServer.start(
            doubtful,
            ServerOptions.DEFAULT
                .withPort(0)
                .withWorkers(1)
                .withHost("0.0.0.0")
                .withEngine(Artifact.DYNAMIC),
            log::add)) {
      assertThat(named(open, "/", "any.example")).startsWith("HTTP/1.1 200 ");
    }
    assertThat(log)
        .anySatisfy(line -> assertThat(line).contains("0.0.0.0", "--api-key-file"))
        .anySatisfy(line -> assertThat(line).contains("dynamic", "too far off"));
    assertThat(LOG).noneSatisfy(line -> assertThat(line).contains("warning"));
    assertThat(ServerOptions.DEFAULT.host()).isEqualTo("127.0.0.1");
  }

  @Test
  void whoSendsHeadersTooSlowlyIsCutOff() throws Exception {
    try (Raw raw = new Raw(impatient)) {
      raw.send("POST " + PREDICT + " HTTP/1.1\r\nHost: localhost\r\n");
      assertThat(raw.trickle("A: b\r\n", 400, 100)).isTrue();
    }
    try (Raw raw = new Raw(impatient)) {
      // After a good request, on the same connection.
      raw.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
      assertThat(raw.readLine()).isEqualTo("HTTP/1.1 200 OK");
      raw.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n");
      assertThat(raw.readToEnd()).doesNotContain("HTTP/1.1 200 ");
    }
  }

  @Test
  void whoSendsTheBodyTooSlowlyIsCutOff() throws Exception {
    try (Raw raw = new Raw(impatient)) {
      raw.send("POST " + PREDICT + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n");
      assertThat(raw.trickle("{", 400, 100)).isTrue();
      assertThat(raw.readToEnd())
          .contains("HTTP/1.1 408 ", "onnection: close", "too slowly")
          .doesNotContain("Exception");
    }
  }

  @Test
  void whoSendsNothingIsCutOff() throws Exception {
    try (Raw raw = new Raw(impatient)) {
      assertThat(raw.readToEnd()).isEmpty();
    }
  }

  @Test
  void whoDoesNotSpeakHttpIsToldSoWithoutDetails() throws Exception {
    for (String text :
        List.of(
            "nonsense\r\n\r\n",
            "GET /v1/models/a%2Fb HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            "GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            "GET /%2e%2e/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            "POST " + PREDICT + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: localhost\r\nX: " + "a".repeat(100_000) + "\r\n\r\n")) {
      try (Raw raw = new Raw(server)) {
        raw.send(text);
        assertThat(raw.readToEnd())
            .startsWith("HTTP/1.1 4")
            .doesNotContain("org.eclipse", "Exception", "Jetty", "\tat ");
      }
    }
  }

  @Test
  void nothingOfImagesIsLogged() throws Exception {
    http.post(PREDICT, Http.files("no image".getBytes(StandardCharsets.UTF_8)));
    http.post("/api/classify", file);
    assertThat(LOG).hasSize(1).first().asString().contains("version 1 is ready");
  }

  @Test
  void healthAndReadinessAreTold() throws Exception {
    assertThat(http.get("/healthz").body()).isEqualTo("ok\n");
    assertThat(http.get("/readyz").status()).isEqualTo(200);
    Http.Answer post = http.post("/readyz", "");
    assertThat(post.status()).isEqualTo(405);
    assertThat(post.header("Allow")).isEqualTo("GET");
  }

  @Test
  void metricsAreThoseOfPrometheus() throws Exception {
    http.post(PREDICT, Http.files(file));
    Http.Answer answer = http.get("/monitoring/prometheus/metrics");
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.header("Content-Type")).startsWith("text/plain");
    assertThat(answer.body())
        .containsPattern("deepxray_requests_total\\{code=\"200\",route=\"predict\"} \\d")
        .containsPattern(
            "deepxray_request_duration_seconds_bucket\\{route=\"predict\",le=\"\\+Inf\"} \\d")
        .containsPattern("deepxray_batch_size_count \\d")
        .contains("deepxray_queue_length 0", "deepxray_model_version 1.0")
        .contains("deepxray_native_memory_bytes", "jvm_memory_used_bytes", "process_");
  }

  @Test
  void onlyItsOwnPagesMayCallUnlessAllowed() throws Exception {
    Http.Answer alone =
        http.send(http.request("/v1/models/deepxray").header("Origin", "https://example.org"));
    assertThat(alone.status()).isEqualTo(200);
    assertThat(alone.header("Access-Control-Allow-Origin")).isEmpty();
    try (ModelServer open =
        ModelServer.start(
            folder.resolve("bundle"),
            ServerOptions.DEFAULT.withPort(0).withWorkers(1).withCorsOrigin("https://example.org"),
            line -> {})) {
      Http client = new Http(open.uri());
      for (String origin : List.of("https://example.org", "https://example.com")) {
        Http.Answer get =
            client.send(client.request("/v1/models/deepxray").header("Origin", origin));
        assertThat(get.header("Access-Control-Allow-Origin"))
            .isEqualTo(origin.endsWith("org") ? origin : "");
        assertThat(get.header("Vary")).isEqualTo("Origin");
        Http.Answer preflight =
            client.send(
                client
                    .request(PREDICT)
                    .method("OPTIONS", BodyPublishers.noBody())
                    .header("Origin", origin)
                    .header("Access-Control-Request-Method", "POST"));
        assertThat(preflight.status()).isEqualTo(origin.endsWith("org") ? 204 : 400);
      }
    }
  }

  @Test
  void withAnApiKeyNothingButHealthAndThePageIsOpen() throws Exception {
    try (ModelServer closed =
        ModelServer.start(
            folder.resolve("bundle"),
            ServerOptions.DEFAULT.withPort(0).withWorkers(1).withApiKey("12345678"),
            line -> {})) {
      Http client = new Http(closed.uri());
      for (String path : List.of("/healthz", "/readyz", "/")) {
        assertThat(client.get(path).status()).isEqualTo(200);
      }
      for (String path :
          List.of("/v1/models/deepxray", "/api/model", "/monitoring/prometheus/metrics")) {
        Http.Answer answer = client.get(path);
        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.header("WWW-Authenticate")).isEqualTo("Bearer");
        assertThat(answer.error()).contains("API key").doesNotContain("12345678");
        assertThat(
                client
                    .send(client.request(path).header("Authorization", "Bearer 12345678"))
                    .status())
            .isEqualTo(200);
        assertThat(client.send(client.request(path).header("X-API-Key", "12345678")).status())
            .isEqualTo(200);
        assertThat(client.send(client.request(path).header("X-API-Key", "12345679")).status())
            .isEqualTo(401);
      }
      assertThat(client.post(PREDICT, Http.files(file)).status()).isEqualTo(401);
    }
    assertThatThrownBy(() -> ServerOptions.DEFAULT.withApiKey("short"))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageNotContaining("short");
  }
}
