package io.github.deepxray.serve.command;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.time.Duration;

/** Asks a server on this machine whether it is ready, where no other program could. */
public final class HealthCheck {
  private static final int TIMEOUT = Math.toIntExact(Duration.ofSeconds(5).toMillis());

  private HealthCheck() {}

  /**
   * Ends with 0 if the server is ready, with 1 otherwise.
   *
   * @param arguments the port, if it is not 8501
   */
  public static void main(String[] arguments) {
    System.exit(ready(arguments.length > 0 ? arguments[0] : "8501") ? 0 : 1);
  }

  private static boolean ready(String port) {
    try {
      HttpURLConnection connection =
          (HttpURLConnection)
              URI.create("http://127.0.0.1:" + port + "/readyz").toURL().openConnection();
      connection.setConnectTimeout(TIMEOUT);
      connection.setReadTimeout(TIMEOUT);
      return connection.getResponseCode() == HttpURLConnection.HTTP_OK;
    } catch (IOException | IllegalArgumentException e) {
      return false;
    }
  }
}
