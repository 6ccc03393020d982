package io.github.deepxray.examples.service;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;

/** Sends images to the service and prints its answers; exits with 1 if one is an error. */
final class Ask {
  private Ask() {}

  /** Arguments: the URL of the service, then files. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    HttpClient client = HttpClient.newHttpClient();
    boolean failed = false;
    for (int i = 1; i < arguments.length; i++) {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create(arguments[0]))
              .POST(HttpRequest.BodyPublishers.ofFile(Path.of(arguments[i])))
              .build();
      HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
      System.out.println(arguments[i] + ": " + answer.statusCode() + " " + answer.body());
      failed |= answer.statusCode() != 200;
    }
    if (failed) {
      System.exit(1);
    }
  }
}
