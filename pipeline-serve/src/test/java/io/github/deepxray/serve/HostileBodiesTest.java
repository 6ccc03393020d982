package io.github.deepxray.serve;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.testkit.Mutations;
import io.github.deepxray.testkit.SharedData;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever a client sends, it is told what is wrong with it, and the server goes on. */
class HostileBodiesTest {
  private static final String PREDICT = "/v1/models/deepxray:predict";
  private static final String CLASSIFY = "/v1/models/deepxray:classify";
  private static final String PAGE = "/api/classify";

  private static final Pattern TOKEN =
      Pattern.compile("\"[^\"]*\"|-?\\d+(?:\\.\\d+)?|[\\[\\]{}:,]");

  /** What is put in the place of a token. */
  private static final List<String> TOKENS =
      List.of(
          "1e400",
          "-1e-400",
          "1e999999999",
          "99999999999999999999",
          "0.".concat("3".repeat(1500)),
          "NaN",
          "-Infinity",
          "null",
          "true",
          "[]",
          "{}",
          "[[[[]]]]",
          "[".repeat(40),
          "{\"b64\": ".repeat(40),
          "{\"b64\": 1}",
          "{\"b64\": \"=\"}",
          "{\"b64\": \"\\u0000\"}",
          "{\"b64\": \"AAAA\", \"b64\": \"AAAA\"}",
          "\"\"",
          "\"\\ud800\"",
          "\"\\udc00\\ud800x\"",
          "\"line\\nline\"",
          "\"signature_name\"",
          "\"instances\"",
          "\"inputs\"",
          "\"examples\"",
          "\"context\"",
          ",,",
          "/* */",
          "\u2028",
          "\ud83d\ude00");

  private static final List<Charset> CHARSETS =
      List.of(
          StandardCharsets.UTF_16,
          StandardCharsets.UTF_16LE,
          StandardCharsets.UTF_16BE,
          Charset.forName("UTF-32LE"),
          Charset.forName("UTF-32BE"),
          StandardCharsets.ISO_8859_1);

  @TempDir static Path folder;
  private static final List<String> LOG = new CopyOnWriteArrayList<>();
  private static ModelServer server;
  private static Http http;

  /** A valid request. */
  private static final class Seed {
    private final String path;
    private final byte[] body;

    Seed(String path, byte[] body) {
      this.path = path;
      this.body = body;
    }

    String text() {
      return new String(body, StandardCharsets.UTF_8);
    }
  }

  private static final List<Seed> SEEDS = new ArrayList<>();
  private static final List<byte[]> IMAGES = new ArrayList<>();

  @BeforeAll
  static void start() throws IOException {
    server =
        ModelServer.start(
            TinyBundle.writeExplaining(folder.resolve("bundle"), 1),
            ServerOptions.DEFAULT.withPort(0).withWorkers(1).withMaxPixels(1_000_000),
            LOG::add);
    http = new Http(server.uri());
    byte[] jpeg = TinyBundle.jpeg(1, 40);
    byte[] png = ImageCodec.encodePng(RgbImage.of(9, 7, new byte[9 * 7 * 3]));
    IMAGES.addAll(List.of(jpeg, png));
    String nested = Http.nested(TinyBundle.pixels(jpeg), TinyBundle.SIZE);
    String flat = nested.replaceAll("[\\[\\]]", "");
    for (String text :
        List.of(
            Http.files(jpeg, png),
            "{\"signature_name\": \"serving_bytes\", \"inputs\": {\"image_bytes\": ["
                + Http.b64(png)
                + "]}}",
            "{\"signature_name\": \"serving_bytes\", \"instances\": [{\"image_bytes\": "
                + Http.b64(png)
                + "}]}",
            "{\"instances\": [" + nested + "]}",
            "{\"inputs\": {\"images\": [" + nested + "]}}")) {
      SEEDS.add(new Seed(PREDICT, text.getBytes(StandardCharsets.UTF_8)));
    }
    for (String text :
        List.of(
            "{\"examples\": [{\"image_bytes\": " + Http.b64(png) + "}]}",
            "{\"context\": {\"other\": [1, 2]}, \"examples\": [{\"images\": [" + flat + "]}]}")) {
      SEEDS.add(new Seed(CLASSIFY, text.getBytes(StandardCharsets.UTF_8)));
    }
    IMAGES.forEach(image -> SEEDS.add(new Seed(PAGE, image)));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void theSeedsAreValid() throws Exception {
    for (Seed seed : SEEDS) {
      Http.Answer answer = http.post(seed.path, seed.body);
      assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    }
  }

  @Test
  void whateverIsSentIsAnsweredWithAReason() throws Exception {
    String before = http.post(SEEDS.get(0).path, SEEDS.get(0).body).body();
    int inputs = Mutations.inputs(400);
    Map<Integer, Integer> statuses = new TreeMap<>();
    List<String> faults = new ArrayList<>();
    for (int i = 0; i < inputs; i++) {
      SplittableRandom random = new SplittableRandom(i);
      Seed seed = SEEDS.get(i % SEEDS.size());
      byte[] body = spoilt(seed, random);
      Http.Answer answer = send(seed.path, body, random.nextInt(8) == 0);
      statuses.merge(answer.status(), 1, Integer::sum);
      if (!right(answer)) {
        faults.add(i + " to " + seed.path + ": " + answer.status() + " " + answer.body());
      }
    }
    System.out.println("answers to " + inputs + " spoilt requests, by status: " + statuses);
    assertThat(faults).isEmpty();
    // Nothing but that it is ready.
    assertThat(LOG).hasSize(1);
    assertThat(server.ready()).isTrue();
    assertThat(http.post(SEEDS.get(0).path, SEEDS.get(0).body).body()).isEqualTo(before);
  }

  private static boolean right(Http.Answer answer) {
    if (answer.status() == 200) {
      // Of an image with numbers that are none the probability is none, which JSON has no word for.
      return answer.body().matches("\\{.*}");
    }
    String error = answer.error();
    return answer.status() >= 400
        && answer.status() < 500
        && !error.isBlank()
        && error.lines().count() == 1
        && !error.contains("Exception");
  }

  private static byte[] spoilt(Seed seed, SplittableRandom random) {
    if (seed.path.equals(PAGE)) {
      return Mutations.mutate(seed.body, random);
    }
    return switch (random.nextInt(6)) {
      case 0 -> Mutations.mutate(seed.body, random);
      case 1, 2 -> withOtherToken(seed.text(), random).getBytes(StandardCharsets.UTF_8);
      case 3 ->
          withOtherToken(withOtherToken(seed.text(), random), random)
              .getBytes(StandardCharsets.UTF_8);
      case 4 -> {
        byte[] image = Mutations.mutate(IMAGES.get(random.nextInt(IMAGES.size())), random);
        yield Http.files(image).getBytes(StandardCharsets.UTF_8);
      }
      default -> {
        byte[] other = seed.text().getBytes(CHARSETS.get(random.nextInt(CHARSETS.size())));
        yield random.nextBoolean() ? other : Mutations.mutate(other, random);
      }
    };
  }

  private static String withOtherToken(String text, SplittableRandom random) {
    List<MatchResult> tokens = TOKEN.matcher(text).results().toList();
    if (tokens.isEmpty()) {
      return text;
    }
    // The first tokens matter most, and there are thousands of numbers.
    int bound = random.nextBoolean() ? tokens.size() : Math.min(tokens.size(), 12);
    MatchResult token = tokens.get(random.nextInt(bound));
    return text.substring(0, token.start())
        + TOKENS.get(random.nextInt(TOKENS.size()))
        + text.substring(token.end());
  }

  private static Http.Answer send(String path, byte[] body, boolean pack) throws Exception {
    if (!pack) {
      return http.post(path, body);
    }
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
      out.write(body);
    }
    return http.send(
        http.request(path)
            .header("Content-Encoding", "gzip")
            .POST(BodyPublishers.ofByteArray(packed.toByteArray())));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        // A brace in UTF-32, then what is no character.
        "0000007b7f000000",
        "7b0000000000007f",
        // Half a character.
        "0000007b0000",
        "fffe00007b",
        "feff007bd8",
        "007b0022d8000022",
      })
  void whatIsNotUtf8IsRefusedInALine(String hex) throws Exception {
    for (String path : List.of(PREDICT, CLASSIFY)) {
      Http.Answer answer = http.post(path, HexFormat.of().parseHex(hex));
      assertThat(answer.status()).as(answer.body()).isEqualTo(400);
      assertThat(answer.error()).startsWith("JSON Parse error: ").hasLineCount(1);
    }
  }

  @Test
  void theBodyThatWasAnswered500IsRefused() throws Exception {
    byte[] body = Files.readAllBytes(SharedData.hostile("json-utf32-500.body"));
    Http.Answer answer = http.post(PREDICT, body);
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.error()).startsWith("JSON Parse error: ").contains("UTF-8").hasLineCount(1);
  }

  @Test
  void namesThatAreRepeatedMakeNoSecondLineAndNoLongAnswer() throws Exception {
    Http.Answer lines =
        http.post(PREDICT, "{\"signature_name\": \"a\\n\\u0000b\", \"inputs\": []}");
    assertThat(lines.error()).contains("\"a b\" not found");
    Http.Answer huge =
        http.post(
            PREDICT, "{\"signature_name\": \"" + "x".repeat(1_000_000) + "\", \"inputs\": []}");
    assertThat(huge.status()).isEqualTo(400);
    assertThat(huge.body()).hasSizeLessThan(2000);
  }

  @Test
  void halfACharacterInAMessageIsNoFailure() throws Exception {
    Http.Answer answer = http.post(PREDICT, "{\"signature_name\": \"\\ud800\", \"inputs\": []}");
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.error()).contains("not found in signature def");
  }

  @ParameterizedTest
  @ValueSource(strings = {"wide-64000000x1.png", "progressive-97-scans.jpg"})
  void imagesThatTakeLongAreRefusedAtOnce(String name) throws Exception {
    byte[] file = Files.readAllBytes(SharedData.hostile(name));
    try (ModelServer ordinary =
        ModelServer.start(
            folder.resolve("bundle"),
            ServerOptions.DEFAULT.withPort(0).withWorkers(1),
            line -> {})) {
      Http client = new Http(ordinary.uri());
      long start = System.nanoTime();
      assertThat(client.post(PAGE, file).status()).isEqualTo(400);
      assertThat(client.post(PREDICT, Http.files(file)).status()).isEqualTo(400);
      assertThat(System.nanoTime() - start).isLessThan(20_000_000_000L);
    }
  }
}
