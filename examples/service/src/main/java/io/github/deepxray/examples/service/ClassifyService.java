package io.github.deepxray.examples.service;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.Classifier;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.ImageCodec;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.concurrent.Executors;

/**
 * Minimal HTTP service: {@code POST /classify} with a JPEG or PNG in the body returns label,
 * probability and threshold as JSON. It runs {@code model-dynamic.tflite} of a bundle, without
 * TensorFlow on the class path. {@code ModelServer} in {@code deepxray-pipeline-serve} is the
 * complete server.
 */
final class ClassifyService {
  private static final int MOST_BYTES = 20 << 20;

  private static final JsonMapper JSON = JsonMapper.builder().addModule(new Jdk8Module()).build();

  // Shared by all threads.
  private final Classifier classifier;

  private ClassifyService(Classifier classifier) {
    this.classifier = classifier;
  }

  /** Arguments: the bundle, and a port or 0 for any free port. */
  public static void main(String[] arguments) throws IOException {
    ClassifyService service =
        new ClassifyService(
            Classifier.open(
                Path.of(arguments[0]), Classifier.Options.DEFAULT.withArtifact(Artifact.DYNAMIC)));
    int threads = Runtime.getRuntime().availableProcessors();
    HttpServer server =
        HttpServer.create(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(arguments[1])),
            0);
    server.setExecutor(Executors.newFixedThreadPool(threads));
    server.createContext("/classify", service::answer);
    server.start();
    System.out.println("http://127.0.0.1:" + server.getAddress().getPort() + "/classify");
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] body = exchange.getRequestBody().readNBytes(MOST_BYTES + 1);
      if (!exchange.getRequestMethod().equals("POST")) {
        send(exchange, 405, error("Send an image with POST."));
      } else if (body.length > MOST_BYTES) {
        send(exchange, 413, error("The image has more than " + MOST_BYTES + " bytes."));
      } else {
        try {
          send(exchange, 200, classify(body));
        } catch (DeepXrayException e) {
          // The message is one line for users.
          send(exchange, 400, error(e.getMessage()));
        }
      }
    }
  }

  private JsonNode classify(byte[] image) {
    return JSON.valueToTree(classifier.classify(ImageCodec.decode(image, "the image")));
  }

  private static JsonNode error(String message) {
    return JSON.createObjectNode().put("error", message);
  }

  private static void send(HttpExchange exchange, int status, JsonNode answer) throws IOException {
    byte[] text = JSON.writeValueAsBytes(answer);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, text.length);
    exchange.getResponseBody().write(text);
  }
}
