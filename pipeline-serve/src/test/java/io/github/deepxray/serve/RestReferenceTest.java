package io.github.deepxray.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.datasets.Slice;
import io.github.deepxray.datasets.phantom.Phantom;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The reference of the REST interface is what the server answers. */
class RestReferenceTest {
  private static final Path ROOT = Path.of(System.getProperty("deepxray.root"));

  /** Documents of the bundle, whose fields are described with it. */
  private static final Set<String> DOCUMENTS = Set.of("profile", "metrics", "artifacts");

  @TempDir static Path folder;
  private static ModelServer server;
  private static Http http;
  private static String page;

  /** A row of the table of paths. */
  private record Row(String method, String path, String request, String answer, String route) {
    private static Row of(String line) {
      List<String> cells =
          Arrays.stream(line.split("\\|", -1)).map(cell -> cell.strip().replace("`", "")).toList();
      return new Row(cells.get(1), cells.get(2), cells.get(3), cells.get(4), cells.get(5));
    }

    private String filled(String version) {
      return path.replaceFirst("(?<=/v1/models/)<name>", "deepxray" + version)
          .replace("<file>", "normal-1.png");
    }

    /** The content type that the answer is said to have. */
    private String type() {
      return answer.matches("\\w+/\\w+.*") ? answer.replaceFirst("[: ].*", "") : HttpExchange.JSON;
    }

    private byte[] body() {
      byte[] file = TinyBundle.jpeg(1, 50);
      return switch (request) {
        case "one JPEG or PNG file" -> file;
        case "[tensors or files](#predict)" -> Bodies.text(Http.files(file));
        case "[examples](#classify)" ->
            Bodies.text("{\"examples\": [{\"image_bytes\": " + Http.b64(file) + "}]}");
        default -> throw new AssertionError("a body for " + path);
      };
    }
  }

  @BeforeAll
  static void start() throws IOException {
    server =
        ModelServer.start(
            TinyBundle.writeExplaining(folder.resolve("bundle"), 1),
            ServerOptions.DEFAULT
                .withPort(0)
                .withWorkers(1)
                .withVersionLabels(Map.of("stable", 1L))
                .withSamples(
                    Map.of("normal-1.png", () -> Phantom.draw(Slice.NORMAL, 3, 1, 1, 300))),
            line -> {});
    http = new Http(server.uri());
    page = Files.readString(ROOT.resolve("docs/rest.md"));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  static List<Row> rows() throws IOException {
    try (Stream<String> lines = Files.lines(ROOT.resolve("docs/rest.md"))) {
      return lines.filter(line -> line.matches("\\| (GET|POST) .*")).map(Row::of).toList();
    }
  }

  @ParameterizedTest
  @MethodSource("rows")
  void everyPathAnswersAsItIsSaid(Row row) throws Exception {
    for (String version : List.of("", "/versions/1", "/labels/stable")) {
      String path = row.filled(version);
      Http.Answer answer =
          row.method.equals("GET")
              ? http.get(path)
              : http.send(http.request(path).POST(BodyPublishers.ofByteArray(row.body())));
      assertThat(answer.status()).as(answer.body()).isEqualTo(200);
      assertThat(answer.header("Content-Type")).startsWith(row.type());
      if (row.type().equals(HttpExchange.JSON)) {
        assertFieldsAreNamed(answer.json());
      }
      assertThat(http.get("/monitoring/prometheus/metrics").body())
          .contains("deepxray_requests_total{code=\"200\",route=\"%s\"}".formatted(row.route));
    }
    Http.Answer other = http.send(http.request(row.filled("")).DELETE());
    assertThat(other.status()).isEqualTo(row.path.startsWith("/v1/") ? 400 : 405);
  }

  private static void assertFieldsAreNamed(JsonNode tree) {
    tree.properties()
        .forEach(
            field -> {
              assertThat(page).containsPattern("[`\"]" + field.getKey() + "[`\"]");
              if (!DOCUMENTS.contains(field.getKey())) {
                assertFieldsAreNamed(field.getValue());
              }
            });
    if (tree.isArray()) {
      tree.forEach(RestReferenceTest::assertFieldsAreNamed);
    }
  }

  @Test
  void noPathAndNoRouteIsLeftOut() throws IOException {
    String api = source("Api.java");
    Set<String> paths = found(api, "\"(/[a-z][a-z/]+)\"");
    assertThat(paths).hasSizeGreaterThan(5);
    String documented = rows().stream().map(Row::path).collect(Collectors.joining("\n"));
    assertThat(paths)
        .allSatisfy(path -> assertThat(documented).contains(path.replaceAll("/$", "")));
    assertThat(found(api, "\\.route\\(\"([^\"]+)\"\\)"))
        .hasSizeGreaterThan(5)
        .allSatisfy(route -> assertThat(page).contains("`" + route + "`"));
    for (Versions.State state : Versions.State.values()) {
      assertThat(page).contains("`" + state + "`");
    }
    for (Signatures signature : Signatures.values()) {
      assertThat(page).contains("`" + signature.key() + "`", "`" + signature.input() + "`");
    }
  }

  @Test
  void theStatusCodesAreThoseOfTheSources() throws IOException {
    Set<String> thrown = new TreeSet<>();
    try (Stream<Path> files = Files.walk(ROOT.resolve("pipeline-serve/src/main/java"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        thrown.addAll(
            found(
                Files.readString(file),
                "(?:ApiException|\\.answer)\\((?:[^;()]*\\? )?\\s*(\\d{3})\\b"));
        thrown.addAll(found(Files.readString(file), "\\? 200 : (\\d{3})"));
      }
    }
    assertThat(found(page, "(?m)^\\| (\\d{3}) \\|")).isEqualTo(thrown);
  }

  private static String source(String name) throws IOException {
    return Files.readString(
        ROOT.resolve("pipeline-serve/src/main/java/io/github/deepxray/serve").resolve(name));
  }

  private static Set<String> found(String text, String pattern) {
    return Pattern.compile(pattern)
        .matcher(text)
        .results()
        .map((MatchResult match) -> match.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
