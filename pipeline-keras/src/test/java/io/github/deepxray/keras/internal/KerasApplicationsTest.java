package io.github.deepxray.keras.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.progress.Progress;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KerasApplicationsTest {
  private static final byte[] CONTENT = new byte[300_000];

  static {
    for (int i = 0; i < CONTENT.length; i++) {
      CONTENT[i] = (byte) (i * 31 + i / 7);
    }
  }

  @TempDir Path folder;
  private HttpServer server;
  private ExecutorService executor;
  private final List<String> requests = new CopyOnWriteArrayList<>();

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    // A silent answer must not keep the next request waiting.
    executor = Executors.newCachedThreadPool();
    server.setExecutor(executor);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
    executor.shutdownNow();
  }

  private KerasApplications applications(byte[] published) throws Exception {
    URI address =
        URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/keras-applications/");
    String md5 = HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(published));
    return new KerasApplications(
        folder, address, Map.of(EfficientNet.B0, md5), Duration.ofMillis(500));
  }

  /** Serves the content, with ranges; {@code cut} limits how many bytes the n-th answer holds. */
  private void serve(int... cut) {
    server.createContext(
        "/keras-applications/efficientnetb0_notop.h5",
        exchange -> {
          String range =
              Optional.ofNullable(exchange.getRequestHeaders().getFirst("Range")).orElse("");
          requests.add(range);
          int from = range.isEmpty() ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
          int number = requests.size() - 1;
          int to =
              number < cut.length ? Math.min(CONTENT.length, from + cut[number]) : CONTENT.length;
          exchange.sendResponseHeaders(from > 0 ? 206 : 200, CONTENT.length - from);
          try (OutputStream out = exchange.getResponseBody()) {
            out.write(CONTENT, from, to - from);
          } catch (IOException e) {
            // Closing early is the point: the client sees a broken connection.
            exchange.close();
          }
        });
  }

  private void answer(int status) {
    server.createContext(
        "/keras-applications/efficientnetb0_notop.h5",
        (HttpExchange exchange) -> {
          requests.add("");
          exchange.sendResponseHeaders(status, -1);
          exchange.close();
        });
  }

  @Test
  void downloadsOnceIntoTheCache() throws Exception {
    serve();
    Path file = applications(CONTENT).weightsFile(EfficientNet.B0, Progress.NONE);
    assertThat(file).isEqualTo(folder.resolve("efficientnetb0_notop.h5")).hasBinaryContent(CONTENT);
    applications(CONTENT).weightsFile(EfficientNet.B0, Progress.NONE);
    assertThat(requests).hasSize(1);
    try (var files = Files.list(folder)) {
      assertThat(files).hasSize(1);
    }
  }

  @Test
  void resumesWhereTheConnectionBroke() throws Exception {
    serve(100_000, 50_000);
    Path file = applications(CONTENT).weightsFile(EfficientNet.B0, Progress.NONE);
    assertThat(file).hasBinaryContent(CONTENT);
    assertThat(requests).hasSize(3);
    assertThat(requests.get(0)).isEmpty();
    assertThat(requests.get(1)).startsWith("bytes=");
  }

  @Test
  void resumesWhenTheServerFallsSilent() throws Exception {
    server.createContext(
        "/keras-applications/efficientnetb0_notop.h5",
        exchange -> {
          String range =
              Optional.ofNullable(exchange.getRequestHeaders().getFirst("Range")).orElse("");
          requests.add(range);
          int from = range.isEmpty() ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
          exchange.sendResponseHeaders(from > 0 ? 206 : 200, CONTENT.length - from);
          OutputStream out = exchange.getResponseBody();
          if (requests.size() == 1) {
            out.write(CONTENT, 0, 70_000);
            out.flush();
            return;
          }
          out.write(CONTENT, from, CONTENT.length - from);
          exchange.close();
        });
    Path file = applications(CONTENT).weightsFile(EfficientNet.B0, Progress.NONE);
    assertThat(file).hasBinaryContent(CONTENT);
    assertThat(requests).hasSize(2);
  }

  @Test
  void resumesWhatAnEarlierRunLeft() throws Exception {
    serve();
    Files.write(folder.resolve("efficientnetb0_notop.h5.partial"), Arrays.copyOf(CONTENT, 123_456));
    applications(CONTENT).weightsFile(EfficientNet.B0, Progress.NONE);
    assertThat(requests).containsExactly("bytes=123456-");
  }

  @Test
  void replacesAFileOfAnotherHash() throws Exception {
    serve();
    Files.writeString(folder.resolve("efficientnetb0_notop.h5"), "damaged");
    assertThat(applications(CONTENT).weightsFile(EfficientNet.B0, Progress.NONE))
        .hasBinaryContent(CONTENT);
  }

  @Test
  void keepsAFileOfAnotherHashIfThereIsNoOther() throws Exception {
    answer(404);
    Path file = folder.resolve("efficientnetb0_notop.h5");
    Files.writeString(file, "somebody's own weights");
    assertThatThrownBy(() -> applications(CONTENT).weightsFile(EfficientNet.B0, Progress.NONE))
        .isInstanceOf(DeepXrayException.class);
    assertThat(file).hasContent("somebody's own weights");
  }

  @Test
  void refusesWhatHasTheWrongHash() throws Exception {
    serve();
    assertThatThrownBy(() -> applications(new byte[1]).weightsFile(EfficientNet.B0, Progress.NONE))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("MD5")
        .hasMessageContaining("--weights");
    try (var files = Files.list(folder)) {
      assertThat(files).isEmpty();
    }
  }

  @Test
  void saysWhatTheServerSaid() {
    answer(404);
    assertThatThrownBy(() -> applications(CONTENT).weightsFile(EfficientNet.B0, Progress.NONE))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("404");
    assertThat(requests).hasSize(1);
  }

  @Test
  void givesUpAfterSeveralFailures() {
    answer(503);
    assertThatThrownBy(() -> applications(CONTENT).weightsFile(EfficientNet.B0, Progress.NONE))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("4 times")
        .hasMessageContaining("run again to resume");
    assertThat(requests).hasSize(4);
  }
}
