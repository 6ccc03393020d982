package io.github.deepxray.server;

import io.github.deepxray.serve.ServerOptions;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.time.Duration;

/** Health check of a server on this machine, for containers without other programs. */
public final class HealthCheck {
  /** Environment variable with the port. */
  public static final String PORT_VARIABLE = "DEEPXRAY_SERVE_PORT";

  static final String DEFAULT_PORT = "" + ServerOptions.DEFAULT_PORT;

  private static final int TIMEOUT = Math.toIntExact(Duration.ofSeconds(5).toMillis());

  private HealthCheck() {}

  /**
   * Exits with 0 if the server is ready, with 1 otherwise.
   *
   * @param arguments the port; the default is the value of {@value #PORT_VARIABLE}, or 8501
   */
  public static void main(String[] arguments) {
    String port = System.getenv().getOrDefault(PORT_VARIABLE, DEFAULT_PORT);
    System.exit(ready(arguments.length > 0 ? arguments[0] : port) ? 0 : 1);
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
