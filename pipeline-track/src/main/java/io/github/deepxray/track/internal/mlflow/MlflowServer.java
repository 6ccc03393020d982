package io.github.deepxray.track.internal.mlflow;

import io.github.deepxray.core.DeepXrayException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.mlflow.tracking.creds.BasicMlflowHostCreds;

/**
 * MLflow tracking server with credentials.
 *
 * @param uri URL of the server, without a slash at the end
 * @param username user name for basic authentication
 * @param password password for basic authentication
 * @param token bearer token, used without name and password
 * @param patience time limit of an answer
 */
public record MlflowServer(
    URI uri,
    Optional<String> username,
    Optional<String> password,
    Optional<String> token,
    Duration patience) {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /**
   * Returns a server with credentials from MLflow's environment variables {@code
   * MLFLOW_TRACKING_USERNAME} and {@code MLFLOW_TRACKING_PASSWORD}, or {@code
   * MLFLOW_TRACKING_TOKEN}.
   *
   * @param address {@code http://} or {@code https://}
   * @param environment the environment variables
   * @throws DeepXrayException if the address is not a valid URL, or contains a password, which
   *     would appear in logs
   */
  public static MlflowServer of(String address, Map<String, String> environment) {
    URI uri;
    try {
      uri = URI.create(address.replaceFirst("/+$", ""));
    } catch (IllegalArgumentException e) {
      throw new DeepXrayException(notAServer("what was given"), e);
    }
    if (uri.getRawUserInfo() != null) {
      throw new DeepXrayException(
          "The address of the MLflow server must not contain a password; put name and "
              + "password into MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.");
    }
    boolean http = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
    if (!http || uri.getHost() == null || uri.getQuery() != null || uri.getFragment() != null) {
      throw new DeepXrayException(notAServer("'" + address + "'"));
    }
    return new MlflowServer(
        uri,
        variable(environment, "MLFLOW_TRACKING_USERNAME"),
        variable(environment, "MLFLOW_TRACKING_PASSWORD"),
        variable(environment, "MLFLOW_TRACKING_TOKEN"),
        PATIENCE);
  }

  private static String notAServer(String given) {
    return "The address of an MLflow server looks like http://127.0.0.1:5000, not like "
        + given
        + "; for a local one run 'mlflow server' and give its address.";
  }

  private static Optional<String> variable(Map<String, String> environment, String name) {
    return Optional.ofNullable(environment.get(name)).filter(value -> !value.isEmpty());
  }

  /** Returns a copy with another time limit. */
  public MlflowServer withPatience(Duration other) {
    return new MlflowServer(uri, username, password, token, other);
  }

  /** Returns the credentials for MLflow's client. */
  BasicMlflowHostCreds credentials() {
    return new BasicMlflowHostCreds(
        uri.toString(), username.orElse(null), password.orElse(null), token.orElse(null), false);
  }

  /** Returns the header {@code Authorization}, chosen as in MLflow's client. */
  Optional<String> authorization() {
    if (username.isPresent() && password.isPresent()) {
      byte[] pair = (username.get() + ":" + password.get()).getBytes(StandardCharsets.UTF_8);
      return Optional.of("Basic " + Base64.getEncoder().encodeToString(pair));
    }
    return token.map(value -> "Bearer " + value);
  }

  /** Returns a text without secrets, which servers may repeat. */
  String withoutSecrets(String text) {
    String clean = text;
    for (String secret :
        Stream.of(password, token, authorization().map(header -> header.split(" ", 2)[1]))
            .flatMap(Optional::stream)
            .toList()) {
      clean = clean.replace(secret, "***");
    }
    return clean;
  }

  /** Returns only the URL, without secrets. */
  @Override
  public String toString() {
    return uri.toString();
  }
}
