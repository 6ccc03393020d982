package io.github.deepxray.serve;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.serve.command.Main;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Neither a request nor the end of the server waits for ever for work that takes long. */
class ShutdownTest {
  private static final String PREDICT = "/v1/models/deepxray:predict";

  @TempDir Path folder;

  /** A request of so many small files of 16 million pixels each: minutes of work. */
  private static String longRequest() {
    byte[] png = ImageCodec.encodePng(RgbImage.of(4000, 4000, new byte[4000 * 4000 * 3]));
    byte[][] files = new byte[250][];
    Arrays.fill(files, png);
    return Http.files(files);
  }

  private static CompletableFuture<HttpResponse<byte[]>> start(Http http, String request) {
    return http.client()
        .sendAsync(
            http.request(PREDICT).POST(BodyPublishers.ofString(request)).build(),
            BodyHandlers.ofByteArray());
  }

  @Test
  void aSingleImageThatTakesTooLongIsGivenUp() throws Exception {
    Path bundle = TinyBundle.writeExplaining(folder.resolve("bundle"), 1);
    ServerOptions options =
        ServerOptions.builder().optPort(0).optWorkers(1).optDeadline(Duration.ofMillis(30)).build();
    byte[] png = ImageCodec.encodePng(RgbImage.of(5000, 5000, new byte[5000 * 5000 * 3]));
    try (ModelServer server = ModelServer.start(bundle, options, line -> {})) {
      Http http = new Http(server.uri());
      for (Http.Answer answer :
          List.of(http.post(PREDICT, Http.files(png)), http.post("/api/classify", png))) {
        assertThat(answer.status()).as(answer.body()).isEqualTo(504);
        assertThat(answer.error()).contains("takes too long");
      }
    }
  }

  @Test
  void closingEndsWorkBetweenImages() throws Exception {
    List<String> log = new CopyOnWriteArrayList<>();
    ModelServer server =
        ModelServer.start(
            TinyBundle.write(folder.resolve("bundle"), 1),
            ServerOptions.builder()
                .optPort(0)
                .optWorkers(1)
                .optDeadline(Duration.ofMinutes(10))
                .optDrainTimeout(Duration.ofMillis(200))
                .build(),
            log::add);
    CompletableFuture<HttpResponse<byte[]>> answer = start(new Http(server.uri()), longRequest());
    Thread.sleep(1500);
    assertThat(answer).isNotDone();
    long start = System.nanoTime();
    server.close();
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(15));
    assertThat(log).anySatisfy(line -> assertThat(line).contains("not answered yet"));
    assertThat(
            answer.handle((response, failure) -> failure != null || response.statusCode() == 503))
        .succeedsWithin(Duration.ofSeconds(10))
        .isEqualTo(true);
  }

  @Test
  void aWorkerThatDoesNotEndIsLeftBehindWithItsModel() throws Exception {
    Versions versions =
        new Versions(
            TinyBundle.write(folder.resolve("bundle"), 1),
            ServerOptions.builder().optWorkers(1).build(),
            line -> {});
    versions.refresh();
    ModelVersion model = versions.acquire(OptionalLong.empty()).orElseThrow();
    CountDownLatch started = new CountDownLatch(1);
    CountDownLatch free = new CountDownLatch(1);
    CompletableFuture<Integer> end = new CompletableFuture<>();
    WorkerPool pool = new WorkerPool(1, 10, new Metrics(), failure -> {});
    Work endless =
        new Work() {
          @Override
          public ImageSource images(ModelVersion of) {
            started.countDown();
            try {
              free.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
            return ImageSource.ofFloats(new float[TinyBundle.SIZE * TinyBundle.SIZE * 3], 1);
          }

          @Override
          public byte[] answer(ModelVersion of, float[] probabilities, int worker) {
            return new byte[0];
          }
        };
    WorkerPool.Reply reply =
        new WorkerPool.Reply() {
          @Override
          public void answer(byte[] body) {
            end.complete(200);
          }

          @Override
          public void fail(ApiException error) {
            end.complete(error.status());
          }
        };
    long deadline = System.nanoTime() + Duration.ofMinutes(1).toNanos();
    assertThat(pool.offer(new WorkerPool.Job(model, endless, deadline, reply))).isEmpty();
    started.await();
    long start = System.nanoTime();
    pool.close();
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(15));
    assertThat(pool.running()).isEqualTo(1);
    versions.close();
    // What native code may still use is freed by whoever used it last.
    assertThat(model.closed()).isFalse();
    free.countDown();
    assertThat(end).succeedsWithin(Duration.ofSeconds(30)).isEqualTo(503);
    assertThat(model.closed()).isTrue();
  }

  @Test
  void theProcessEndsWhenToldToThoughAWorkerIsBusy() throws Exception {
    Path bundle = TinyBundle.write(folder.resolve("bundle"), 1);
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djava.awt.headless=true",
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                Main.class.getName(),
                bundle.toString(),
                "--port=0",
                "--workers=1",
                "--deadline=600",
                "--drain-timeout=1")
            .redirectError(folder.resolve("err").toFile())
            .start();
    try (BufferedReader out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      String line = out.readLine();
      assertThat(line).as(Files.readString(folder.resolve("err"))).isNotNull();
      Matcher ready = Pattern.compile("^Ready: (http://[^/]+)/").matcher(line);
      assertThat(ready.find()).as(line).isTrue();
      CompletableFuture<HttpResponse<byte[]>> answer =
          start(new Http(URI.create(ready.group(1))), longRequest());
      Thread.sleep(1500);
      assertThat(answer).isNotDone();
      process.destroy();
      assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
      assertThat(answer.isDone() || answer.cancel(true)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    assertThat(Files.readString(folder.resolve("err"))).contains("not answered yet");
  }
}
