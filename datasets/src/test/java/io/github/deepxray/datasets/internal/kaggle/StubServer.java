package io.github.deepxray.datasets.internal.kaggle;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A server of one file that answers as the test says, and remembers what it was asked. */
final class StubServer implements AutoCloseable {
  /** Answers a request. */
  @FunctionalInterface
  interface Script {
    /** Answers the request with this number, counted from 1. */
    void answer(HttpExchange exchange, int number) throws IOException;
  }

  /** What was asked. */
  record Asked(String path, Map<String, List<String>> headers) {
    Optional<String> header(String name) {
      return Optional.ofNullable(headers.get(name)).map(values -> values.get(0));
    }
  }

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<Asked> asked = Collections.synchronizedList(new ArrayList<>());

  StubServer(Script script) throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext(
        "/",
        exchange -> {
          int number;
          synchronized (asked) {
            asked.add(
                new Asked(
                    exchange.getRequestURI().toString(), Map.copyOf(exchange.getRequestHeaders())));
            number = asked.size();
          }
          try (exchange) {
            script.answer(exchange, number);
          }
        });
    server.start();
  }

  URI uri() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  List<Asked> asked() {
    synchronized (asked) {
      return List.copyOf(asked);
    }
  }

  /** An answer without a body. */
  static void status(HttpExchange exchange, int status, String... headers) throws IOException {
    add(exchange, headers);
    exchange.sendResponseHeaders(status, -1);
  }

  /** A whole answer. */
  static void body(HttpExchange exchange, int status, byte[] body, String... headers)
      throws IOException {
    part(exchange, status, body, body.length, body.length, headers);
  }

  /** An answer that announces one length, sends another and then cuts the connection. */
  static void part(
      HttpExchange exchange, int status, byte[] body, int sent, int announced, String... headers)
      throws IOException {
    add(exchange, headers);
    exchange.sendResponseHeaders(status, announced);
    OutputStream out = exchange.getResponseBody();
    out.write(body, 0, sent);
    out.flush();
  }

  private static void add(HttpExchange exchange, String... headers) {
    Headers all = exchange.getResponseHeaders();
    for (int i = 0; i < headers.length; i += 2) {
      all.add(headers[i], headers[i + 1]);
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
