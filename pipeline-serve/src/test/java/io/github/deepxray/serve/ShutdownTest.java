package io.github.deepxray.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.ImageLimits;
import io.github.deepxray.core.image.RgbImage;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Neither a request nor the end of the server waits for ever for work that takes long. */
class ShutdownTest {
  private static final String PREDICT = "/v1/models/deepxray:predict";

  private static final String METRICS = "/monitoring/prometheus/metrics";

  @TempDir Path folder;

  @Test
  void anImageIsGivenUpBetweenDecodingAndResizing() {
    int size = TinyBundle.SIZE;
    ImageSource images =
        ImageSource.ofFiles(
            List.of(TinyBundle.jpeg(1, 50)),
            image -> Fit.STRETCH.apply(image, size, size),
            ImageLimits.DEFAULT);
    float[] untouched = new float[size * size * 3];
    Runnable closed =
        () -> {
          throw ApiException.unavailable("made");
        };
    assertThatThrownBy(() -> images.filling().fill(0, untouched, 0, closed)).hasMessage("made");
    assertThat(untouched).containsOnly(0);
  }

  @Test
  void anImageIsGivenUpBeforeTheModelRuns() throws Exception {
    Versions versions = load();
    ImageSource slow =
        new ImageSource(
            1,
            (index, target, offset, checkpoint) -> {
              await(new CountDownLatch(1), 2500);
              return Map.of();
            });
    CompletableFuture<Integer> end = new CompletableFuture<>();
    try (WorkerPool pool = new WorkerPool(1, 10, new Metrics(List::of), failure -> {})) {
      assertThat(pool.offer(job(versions, () -> slow, Duration.ofSeconds(2), end))).isEmpty();
      assertThat(end).succeedsWithin(Duration.ofMinutes(1)).isEqualTo(504);
    }
    versions.close();
  }

  @Test
  void aWorkerThatDoesNotEndIsLeftBehindWithItsModel() throws Exception {
    Versions versions = load();
    ModelVersion model = versions.acquire(OptionalLong.empty()).orElseThrow();
    model.release();
    CountDownLatch started = new CountDownLatch(1);
    CountDownLatch free = new CountDownLatch(1);
    Supplier<ImageSource> endless =
        () -> {
          started.countDown();
          await(free, 120_000);
          return ImageSource.ofFloats(new float[TinyBundle.SIZE * TinyBundle.SIZE * 3], 1);
        };
    CompletableFuture<Integer> end = new CompletableFuture<>();
    WorkerPool pool = new WorkerPool(1, 10, new Metrics(List::of), failure -> {});
    assertThat(pool.offer(job(versions, endless, Duration.ofMinutes(9), end))).isEmpty();
    started.await();
    pool.close();
    assertThat(pool.running()).isEqualTo(1);
    versions.close();
    // What native code may still use is freed by whoever used it last.
    assertThat(model.closed()).isFalse();
    free.countDown();
    assertThat(end).succeedsWithin(Duration.ofMinutes(1)).isEqualTo(503);
    assertThat(model.closed()).isTrue();
  }

  private Versions load() throws IOException {
    Versions versions =
        new Versions(
            TinyBundle.write(folder.resolve("bundle"), 1),
            ServerOptions.DEFAULT.withWorkers(1),
            line -> {});
    versions.refresh();
    return versions;
  }

  /** A job that tells the status with which it ends. */
  private static WorkerPool.Job job(
      Versions versions,
      Supplier<ImageSource> images,
      Duration deadline,
      CompletableFuture<Integer> end) {
    InferenceTask task =
        new InferenceTask() {
          @Override
          public ImageSource images(ModelVersion model) {
            return images.get();
          }

          @Override
          public byte[] answer(ModelVersion model, List<float[][]> outputs, int worker) {
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
    return new WorkerPool.Job(
        versions.acquire(OptionalLong.empty()).orElseThrow(),
        task,
        System.nanoTime() + deadline.toNanos(),
        reply);
  }

  /** Waits until somebody says so, for some time at most; returns whether somebody did. */
  private static boolean await(CountDownLatch latch, long milliseconds) {
    try {
      return latch.await(milliseconds, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  @Test
  void closingEndsWorkBetweenImages() throws Exception {
    List<String> log = new CopyOnWriteArrayList<>();
    CompletableFuture<HttpResponse<byte[]>> answer;
    try (ModelServer server =
        ModelServer.start(
            TinyBundle.write(folder.resolve("bundle"), 1),
            ServerOptions.DEFAULT
                .withPort(0)
                .withWorkers(1)
                .withDeadline(Duration.ofMinutes(10))
                .withDrainTimeout(Duration.ofMillis(200)),
            log::add)) {
      answer = minutesOfWork(server.uri());
    }
    assertThat(log).anySatisfy(line -> assertThat(line).contains("not answered yet"));
    assertGivenUp(answer);
  }

  /** Sends a request of many small files of 16 million pixels each, and waits until it is begun. */
  private static CompletableFuture<HttpResponse<byte[]>> minutesOfWork(URI server)
      throws IOException, InterruptedException {
    byte[] png = ImageCodec.encodePng(RgbImage.of(4000, 4000, new byte[4000 * 4000 * 3]));
    byte[][] files = new byte[250][];
    Arrays.fill(files, png);
    Http http = new Http(server);
    CompletableFuture<HttpResponse<byte[]>> answer = send(http, Http.files(files));
    // The only worker is busy when another request waits for it.
    String waits = "(?s).*deepxray_queue_length [1-9].*";
    List<CompletableFuture<?>> others = new ArrayList<>();
    while (others.size() < 300 && !http.get(METRICS).body().matches(waits)) {
      others.add(send(http, Http.files(TinyBundle.jpeg(1, 50))));
      Thread.sleep(200);
    }
    assertThat(http.get(METRICS).body()).matches(waits);
    assertThat(answer).isNotDone();
    return answer;
  }

  private static CompletableFuture<HttpResponse<byte[]>> send(Http http, String request) {
    return http.client()
        .sendAsync(
            http.request(PREDICT).POST(BodyPublishers.ofString(request)).build(),
            BodyHandlers.ofByteArray());
  }

  private static void assertGivenUp(CompletableFuture<HttpResponse<byte[]>> answer) {
    assertThat(
            answer.handle((response, failure) -> failure != null || response.statusCode() == 503))
        .succeedsWithin(Duration.ofMinutes(1))
        .isEqualTo(true);
  }
}
