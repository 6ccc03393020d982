package io.github.deepxray.serve.page;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/** What may lie between a browser and a server: it passes on, or refuses, or keeps both waiting. */
final class FlakyProxy implements AutoCloseable {
  /** What a client need not hear of. */
  private static final List<String> HOP = List.of("content-length", "connection", "date");

  private static final int OPEN = 1000;

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HttpClient client = HttpClient.newHttpClient();
  private final URI target;
  private final BlockingQueue<Integer> refusals = new LinkedBlockingQueue<>();
  private final AtomicInteger images = new AtomicInteger();
  private final Semaphore gate = new Semaphore(OPEN);

  FlakyProxy(URI target) throws IOException {
    this.target = target;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::handle);
    server.setExecutor(threads);
    server.start();
  }

  URI uri() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  /** Answers the next image with this status, and asks to come back in a second. */
  void refuse(int status) {
    refusals.add(status);
  }

  /** Lets no image through from now on. */
  void shut() {
    gate.acquireUninterruptibly(OPEN);
  }

  /** Lets those through that wait, and all others. */
  void open() {
    gate.release(OPEN);
  }

  /** How many images have come. */
  int images() {
    return images.get();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] body = exchange.getRequestBody().readAllBytes();
      if (exchange.getRequestURI().getPath().equals("/api/classify")) {
        images.incrementAndGet();
        Integer refusal = refusals.poll();
        if (refusal != null) {
          exchange.getResponseHeaders().add("Retry-After", "1");
          byte[] error = "{\"error\": \"Busy.\"}".getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(refusal, error.length);
          exchange.getResponseBody().write(error);
          return;
        }
        gate.acquireUninterruptibly();
        gate.release();
      }
      pass(exchange, body);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void pass(HttpExchange exchange, byte[] body) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(target.resolve(exchange.getRequestURI()))
            .method(exchange.getRequestMethod(), BodyPublishers.ofByteArray(body))
            .build();
    HttpResponse<byte[]> answer = client.send(request, BodyHandlers.ofByteArray());
    answer
        .headers()
        .map()
        .forEach(
            (name, values) -> {
              if (!HOP.contains(name) && !name.startsWith(":")) {
                exchange.getResponseHeaders().put(name, values);
              }
            });
    int length = answer.body().length;
    try {
      exchange.sendResponseHeaders(answer.statusCode(), length == 0 ? -1 : length);
      exchange.getResponseBody().write(answer.body());
    } catch (IOException e) {
      // The browser has cancelled.
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
