package io.github.deepxray.track.internal.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.github.deepxray.core.internal.io.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Predicate;

/**
 * The part of MLflow's REST interface that is used here, on loopback, with ways to misbehave. That
 * a real server understands the same is for tools/check_mlflow.py to show.
 */
final class LocalMlflow implements AutoCloseable {
  static final String RUN = "0123456789abcdef0123456789abcdef";
  private static final String API = "/api/2.0/mlflow/";
  private static final String ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts/";

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final CountDownLatch end = new CountDownLatch(1);

  final List<String> requests = new CopyOnWriteArrayList<>();
  final List<String> authorizations = new CopyOnWriteArrayList<>();
  final List<JsonNode> metrics = new CopyOnWriteArrayList<>();
  final Map<String, String> params = new ConcurrentHashMap<>();
  final Map<String, String> tags = new ConcurrentHashMap<>();
  final Map<String, byte[]> artifacts = new ConcurrentHashMap<>();
  final List<JsonNode> versions = new CopyOnWriteArrayList<>();
  final List<String> experiments = new CopyOnWriteArrayList<>();
  final List<String> models = new CopyOnWriteArrayList<>();
  volatile JsonNode begun = Json.object();
  volatile JsonNode ended = Json.object();
  volatile String artifactUri = "mlflow-artifacts:/7/" + RUN + "/artifacts";
  volatile Predicate<String> broken = path -> false;
  volatile Predicate<String> silent = path -> false;
  volatile Optional<String> required = Optional.empty();

  LocalMlflow() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  String address() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  private void handle(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getRawPath();
    byte[] body = exchange.getRequestBody().readAllBytes();
    requests.add(exchange.getRequestMethod() + " " + path);
    String authorization = exchange.getRequestHeaders().getFirst("Authorization");
    authorizations.add(String.valueOf(authorization));
    if (silent.test(path)) {
      await();
    }
    if (broken.test(path)) {
      answer(exchange, 500, "{\"error_code\": \"INTERNAL_ERROR\", \"message\": \"no\\ndisk\"}");
    } else if (required.isPresent() && !required.get().equals(authorization)) {
      answer(exchange, 401, "You are not " + authorization);
    } else if (path.startsWith(ARTIFACTS)) {
      artifacts.put(path.substring(ARTIFACTS.length()), body);
      answer(exchange, 200, "{}");
    } else {
      String text = new String(body, StandardCharsets.UTF_8);
      JsonNode request = text.isEmpty() ? Json.object() : Json.parse(text, "request");
      Answer answer = answer(path.substring(API.length()), exchange, request);
      answer(exchange, answer.status(), Json.compact(answer.body()));
    }
  }

  private record Answer(int status, JsonNode body) {}

  private static Answer error(int status, String code) {
    return new Answer(status, Json.object().put("error_code", code).put("message", code));
  }

  private Answer answer(String call, HttpExchange exchange, JsonNode request) {
    ObjectNode body = Json.object();
    switch (call) {
      case "experiments/get-by-name" -> {
        String name = exchange.getRequestURI().getQuery().replaceFirst("experiment_name=", "");
        if (!experiments.contains(name)) {
          return error(404, "RESOURCE_DOES_NOT_EXIST");
        }
        body.putObject("experiment")
            .put("experiment_id", "7")
            .put("name", name)
            .put("lifecycle_stage", "active");
      }
      case "experiments/create" -> {
        experiments.add(request.path("name").asText());
        body.put("experiment_id", "7");
      }
      case "runs/create" -> {
        begun = request;
        body.putObject("run")
            .putObject("info")
            .put("run_id", RUN)
            .put("experiment_id", "7")
            .put("artifact_uri", artifactUri);
      }
      case "runs/log-batch" -> {
        request.path("metrics").forEach(metrics::add);
        request
            .path("params")
            .forEach(p -> params.put(p.path("key").asText(), p.path("value").asText()));
      }
      case "runs/set-tag" -> tags.put(request.path("key").asText(), request.path("value").asText());
      case "runs/log-model" -> tags.put("model", request.path("model_json").asText());
      case "runs/update" -> ended = request;
      case "registered-models/create" -> {
        if (models.contains(request.path("name").asText())) {
          return error(400, "RESOURCE_ALREADY_EXISTS");
        }
        models.add(request.path("name").asText());
      }
      case "model-versions/create" -> versions.add(request);
      default -> {
        return error(404, "ENDPOINT_NOT_FOUND");
      }
    }
    return new Answer(200, body);
  }

  private static void answer(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  private void await() {
    try {
      end.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The values of a metric by step. */
  Map<Long, Double> curve(String name) {
    Map<Long, Double> curve = new TreeMap<>();
    List<JsonNode> all = new ArrayList<>(metrics);
    all.removeIf(metric -> !metric.path("key").asText().equals(name));
    all.forEach(metric -> curve.put(metric.path("step").asLong(), metric.path("value").asDouble()));
    return curve;
  }

  @Override
  public void close() {
    end.countDown();
    server.stop(0);
    threads.shutdownNow();
  }
}
