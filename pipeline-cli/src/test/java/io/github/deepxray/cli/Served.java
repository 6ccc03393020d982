package io.github.deepxray.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.serve.ModelServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** What a server answers, and what {@code predict} says. */
final class Served {
  private Served() {}

  /** The probabilities of a request of images. */
  static List<Double> predict(ModelServer server, List<Path> images) throws IOException {
    List<String> instances = new ArrayList<>();
    for (Path image : images) {
      instances.add(
          "{\"b64\": \"" + Base64.getEncoder().encodeToString(Files.readAllBytes(image)) + "\"}");
    }
    HttpURLConnection connection = open(server, "/v1/models/deepxray:predict");
    connection.setDoOutput(true);
    try (OutputStream out = connection.getOutputStream()) {
      out.write(
          ("{\"signature_name\": \"serving_bytes\", \"instances\": ["
                  + String.join(", ", instances)
                  + "]}")
              .getBytes(StandardCharsets.US_ASCII));
    }
    List<Double> probabilities = new ArrayList<>();
    for (JsonNode prediction : json(connection).path("predictions")) {
      probabilities.add(prediction.get(0).doubleValue());
    }
    return probabilities;
  }

  static JsonNode get(ModelServer server, String path) throws IOException {
    return json(open(server, path));
  }

  /** A page that is no JSON. */
  static String text(ModelServer server, String path) throws IOException {
    try (InputStream in = open(server, path).getInputStream()) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static HttpURLConnection open(ModelServer server, String path) throws IOException {
    return (HttpURLConnection) server.uri().resolve(path).toURL().openConnection();
  }

  private static JsonNode json(HttpURLConnection connection) throws IOException {
    try (InputStream in = connection.getInputStream()) {
      return Json.parse(new String(in.readAllBytes(), StandardCharsets.UTF_8), "server");
    }
  }

  /** What {@code predict} says of a form of a bundle. */
  static List<Double> predicted(Path bundle, String form, Path images) {
    Outcome outcome = Outcome.of("predict", bundle, images, "--artifact", form, "--format", "json");
    assertThat(outcome.code()).as(outcome.err()).isZero();
    List<Double> probabilities = new ArrayList<>();
    for (JsonNode prediction : Json.parse(outcome.out(), "predict")) {
      probabilities.add(prediction.path("probability").doubleValue());
    }
    return probabilities;
  }
}
