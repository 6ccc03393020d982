package io.github.deepxray.server;

import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.datasets.Slice;
import io.github.deepxray.datasets.phantom.Phantom;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Asks a server. */
record Client(HttpClient http, URI server) {
  Client(URI server) {
    this(HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build(), server);
  }

  HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return send(HttpRequest.newBuilder(server.resolve(path)).build());
  }

  HttpResponse<String> post(String path, byte[] body) throws IOException, InterruptedException {
    return send(request(path, body));
  }

  CompletableFuture<HttpResponse<String>> postLater(String path, byte[] body) {
    return http.sendAsync(request(path, body), BodyHandlers.ofString(StandardCharsets.ISO_8859_1));
  }

  private HttpRequest request(String path, byte[] body) {
    return HttpRequest.newBuilder(server.resolve(path))
        .POST(BodyPublishers.ofByteArray(body))
        .build();
  }

  private HttpResponse<String> send(HttpRequest request) throws IOException, InterruptedException {
    return http.send(request, BodyHandlers.ofString(StandardCharsets.ISO_8859_1));
  }

  /** A drawn X-ray as JPEG. */
  static byte[] jpeg(int size) {
    return ImageCodec.encodeJpeg(Phantom.draw(Slice.BACTERIAL, 3, 1, 1, size), 90);
  }

  /** A request of TensorFlow Serving's REST interface for files. */
  static byte[] predict(byte[]... files) {
    String request =
        Stream.of(files)
            .map(file -> "{\"b64\": \"" + Base64.getEncoder().encodeToString(file) + "\"}")
            .collect(
                Collectors.joining(
                    ", ", "{\"signature_name\": \"serving_bytes\", \"instances\": [", "]}"));
    return request.getBytes(StandardCharsets.US_ASCII);
  }
}
