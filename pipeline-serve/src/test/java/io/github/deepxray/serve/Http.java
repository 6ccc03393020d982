package io.github.deepxray.serve;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.core.internal.io.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;

/** A client of a server under test, over real HTTP. */
final class Http {
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final URI server;

  Http(URI server) {
    this.server = server;
  }

  /** An answer. */
  record Answer(int status, String body, HttpResponse<byte[]> raw) {
    JsonNode json() {
      return Json.parse(body, "answer");
    }

    String error() {
      return json().path("error").asText();
    }

    String header(String name) {
      return raw.headers().firstValue(name).orElse("");
    }
  }

  HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(server.resolve(path)).timeout(Duration.ofMinutes(2));
  }

  Answer send(HttpRequest.Builder request) throws IOException, InterruptedException {
    return answer(client.send(request.build(), BodyHandlers.ofByteArray()));
  }

  static Answer answer(HttpResponse<byte[]> response) {
    return new Answer(
        response.statusCode(), new String(response.body(), StandardCharsets.UTF_8), response);
  }

  HttpClient client() {
    return client;
  }

  Answer get(String path) throws IOException, InterruptedException {
    return send(request(path));
  }

  Answer post(String path, String json) throws IOException, InterruptedException {
    return send(request(path).POST(BodyPublishers.ofString(json)));
  }

  Answer post(String path, byte[] body) throws IOException, InterruptedException {
    return send(request(path).POST(BodyPublishers.ofByteArray(body)));
  }

  /** {@code {"b64": ...}} of some bytes. */
  static String b64(byte[] bytes) {
    return "{\"b64\": \"" + Base64.getEncoder().encodeToString(bytes) + "\"}";
  }

  /** A predict request of files. */
  static String files(byte[]... files) {
    StringBuilder text =
        new StringBuilder("{\"signature_name\": \"serving_bytes\", \"instances\": [");
    for (int i = 0; i < files.length; i++) {
      text.append(i == 0 ? "" : ", ").append(b64(files[i]));
    }
    return text.append("]}").toString();
  }

  /** An image as nested lists. */
  static String nested(float[] image, int size) {
    StringBuilder text = new StringBuilder();
    for (int y = 0; y < size; y++) {
      text.append(y == 0 ? "[[" : ", [");
      for (int x = 0; x < size; x++) {
        int at = (y * size + x) * 3;
        text.append(x == 0 ? "[" : ", [")
            .append(image[at])
            .append(", ")
            .append(image[at + 1])
            .append(", ")
            .append(image[at + 2])
            .append(']');
      }
      text.append(']');
    }
    return text.append(']').toString();
  }
}
