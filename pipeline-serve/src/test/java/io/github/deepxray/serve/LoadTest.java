package io.github.deepxray.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoadTest {
  private static final String PREDICT = "/v1/models/deepxray:predict";

  /** More than any of these waits takes. */
  private static final int PATIENCE = 2000;

  @TempDir Path folder;
  private final List<String> log = new CopyOnWriteArrayList<>();

  private ModelServer start(ServerOptions options) throws IOException {
    return ModelServer.start(
        TinyBundle.write(folder.resolve("bundle"), 1),
        options.withPort(0).withWorkers(1),
        log::add);
  }

  /** Closes it as a signal does, from elsewhere. */
  private static void stop(ModelServer server) {
    server.close();
  }

  private static CompletableFuture<Http.Answer> later(Http http, String body) {
    return http.client()
        .sendAsync(
            http.request(PREDICT).POST(BodyPublishers.ofString(body)).build(),
            BodyHandlers.ofByteArray())
        .thenApply(Http::answer);
  }

  @Test
  void whatIsTooMuchIsRefusedAndComesAgain() throws Exception {
    // Tens of milliseconds for each.
    String slow = Http.files(TinyBundle.jpeg(1, 1200));
    try (ModelServer server = start(ServerOptions.DEFAULT.withQueue(2))) {
      Http http = new Http(server.uri());
      Map<Integer, Integer> counts = new TreeMap<>();
      for (int round = 0; round < 20 && !counts.containsKey(429); round++) {
        List<CompletableFuture<Http.Answer>> answers =
            IntStream.range(0, 24).mapToObj(i -> later(http, slow)).toList();
        for (CompletableFuture<Http.Answer> future : answers) {
          Http.Answer answer = future.get();
          counts.merge(answer.status(), 1, Integer::sum);
          if (answer.status() != 200) {
            assertThat(answer.header("Retry-After")).isEqualTo("1");
            assertThat(answer.error()).contains("again");
          }
        }
      }
      assertThat(counts).containsOnlyKeys(200, 429);
      assertThat(counts.get(200)).isGreaterThanOrEqualTo(3);
      assertThat(http.post(PREDICT, slow).status()).isEqualTo(200);
    }
  }

  @Test
  void whatWaitsTooLongIsRefused() throws Exception {
    String slow = Http.files(TinyBundle.jpeg(1, 1200));
    try (ModelServer server =
        start(ServerOptions.DEFAULT.withQueue(100).withDeadline(Duration.ofMillis(1)))) {
      Http http = new Http(server.uri());
      Map<Integer, Integer> counts = new TreeMap<>();
      for (int round = 0; round < 20 && !counts.containsKey(503); round++) {
        List<CompletableFuture<Http.Answer>> answers =
            IntStream.range(0, 8).mapToObj(i -> later(http, slow)).toList();
        for (CompletableFuture<Http.Answer> future : answers) {
          Http.Answer answer = future.get();
          counts.merge(answer.status(), 1, Integer::sum);
          if (answer.status() == 503) {
            assertThat(answer.header("Retry-After")).isEqualTo("1");
          }
        }
      }
      assertThat(counts).containsKey(503);
      // Its time may also run out between decoding and running.
      assertThat(counts.keySet()).isSubsetOf(200, 503, 504);
    }
  }

  @Test
  void aRequestThatTakesTooLongEnds() throws Exception {
    byte[] file = TinyBundle.jpeg(1, 1200);
    byte[][] files = new byte[60][];
    Arrays.fill(files, file);
    try (ModelServer server = start(ServerOptions.DEFAULT.withDeadline(Duration.ofMillis(300)))) {
      Http.Answer answer = new Http(server.uri()).post(PREDICT, Http.files(files));
      // On a busy machine it may not even begin in time.
      assertThat(answer.status()).isIn(504, 503);
    }
  }

  /** How many images have been run on. */
  private static double images(Http http) throws Exception {
    Matcher matcher =
        Pattern.compile("deepxray_batch_size_sum (\\S+)")
            .matcher(http.get("/monitoring/prometheus/metrics").body());
    return matcher.find() ? Double.parseDouble(matcher.group(1)) : 0;
  }

  @Test
  void whatIsInFlightIsAnsweredWhenItCloses() throws Exception {
    byte[] file = TinyBundle.jpeg(1, 1200);
    byte[][] files = new byte[40][];
    Arrays.fill(files, file);
    try (ModelServer server =
        start(
            ServerOptions.DEFAULT
                .withDeadline(Duration.ofSeconds(100))
                .withDrainTimeout(Duration.ofSeconds(100)))) {
      Http http = new Http(server.uri());
      List<CompletableFuture<Http.Answer>> answers = new ArrayList<>();
      answers.add(later(http, Http.files(files)));
      answers.add(later(http, Http.files(file)));
      Http probe = new Http(server.uri());
      for (int i = 0; i < PATIENCE && images(probe) < 1; i++) {
        Thread.sleep(5);
      }
      assertThat(images(probe)).isPositive();
      stop(server);
      for (CompletableFuture<Http.Answer> future : answers) {
        Http.Answer answer = future.get();
        assertThat(answer.status()).as(answer.body()).isIn(200, 503);
      }
      assertThat(answers.get(0).get().json().path("predictions")).hasSize(40);
      assertThatThrownBy(() -> new Http(server.uri()).get("/healthz"))
          .isInstanceOf(ConnectException.class);
    }
  }

  @Test
  void whoNeverEndsIsNotWaitedForForEver() throws Exception {
    try (ModelServer server =
        start(ServerOptions.DEFAULT.withDrainTimeout(Duration.ofMillis(200)))) {
      try (Raw raw = new Raw(server)) {
        raw.send(
            "POST "
                + PREDICT
                + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n"
                + "Expect: 100-continue\r\n\r\n");
        // Sent when the server begins to read the body.
        assertThat(raw.readLine()).startsWith("HTTP/1.1 100 ");
        raw.send("{");
        stop(server);
        assertThat(log).contains("closing although requests are not answered yet");
        assertThat(raw.readToEnd()).doesNotContain("HTTP/1.1 200 ");
      }
    }
  }

  @Test
  void clientsThatGoAwayLeaveNothingBehind() throws Exception {
    String body = Http.files(TinyBundle.jpeg(1, 400));
    try (ModelServer server = start(ServerOptions.DEFAULT.withQueue(50))) {
      for (int i = 0; i < 50; i++) {
        try (Raw raw = new Raw(server)) {
          raw.send(
              "POST "
                  + PREDICT
                  + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                  + body.length()
                  + "\r\n\r\n"
                  + (i % 2 == 0 ? body : body.substring(0, 100)));
        }
      }
      Http http = new Http(server.uri());
      Http.Answer answer = http.post(PREDICT, body);
      for (int i = 0; i < PATIENCE && answer.status() == 429; i++) {
        Thread.sleep(5);
        answer = http.post(PREDICT, body);
      }
      assertThat(answer.status()).isEqualTo(200);
    }
  }
}
