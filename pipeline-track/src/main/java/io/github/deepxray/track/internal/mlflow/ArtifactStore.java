package io.github.deepxray.track.internal.mlflow;

import io.github.deepxray.core.DeepXrayException;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpResponse;
import java.time.Duration;

/**
 * Upload of files to the artifact store of a tracking server. MLflow's own client needs Python for
 * uploads.
 */
final class ArtifactStore {
  private static final String PROXY = "/api/2.0/mlflow-artifacts/artifacts/";
  private static final long SLOWEST_BYTES_PER_SECOND = 100_000;

  private final MlflowServer server;
  private final URI root;
  private final HttpClient client;

  private ArtifactStore(MlflowServer server, URI root) {
    this.server = server;
    this.root = root;
    this.client =
        HttpClient.newBuilder()
            // A redirect could send the credentials to another host.
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(server.patience())
            .version(HttpClient.Version.HTTP_1_1)
            .build();
  }

  /**
   * Returns the store of a run.
   *
   * @param location {@code artifact_uri} of the run
   * @throws DeepXrayException if the tracking server does not proxy artifacts
   */
  static ArtifactStore of(MlflowServer server, String location) {
    URI uri = URI.create(location);
    boolean proxied = "mlflow-artifacts".equals(uri.getScheme());
    boolean here =
        uri.getAuthority() == null || uri.getAuthority().equals(server.uri().getAuthority());
    if (proxied && here) {
      return new ArtifactStore(
          server, URI.create(server.uri() + PROXY + uri.getRawPath().replaceFirst("^/+", "")));
    } else if (here && location.startsWith(server.uri() + PROXY)) {
      return new ArtifactStore(server, uri);
    }
    throw new DeepXrayException(
        "its artifacts lie in %s, which only it can reach; start it with --serve-artifacts"
            .formatted(location));
  }

  /** Returns the time limit of an upload. */
  static Duration patience(MlflowServer server, long bytes) {
    return server.patience().plusSeconds(bytes / SLOWEST_BYTES_PER_SECOND);
  }

  /**
   * Uploads a file.
   *
   * @param path path in the store, with slashes
   * @param bytes number of bytes
   * @throws IOException if the server cannot be reached or refuses the upload
   * @throws InterruptedException if the thread is interrupted
   */
  void put(String path, BodyPublisher content, long bytes)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(root + "/" + escaped(path)))
            .timeout(patience(server, bytes))
            .header("Content-Type", "application/octet-stream")
            .PUT(content);
    server.authorization().ifPresent(value -> request.header("Authorization", value));
    HttpResponse<String> response =
        client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    if (response.statusCode() / 100 != 2) {
      throw new IOException("it answered " + response.statusCode() + " to the upload of " + path);
    }
  }

  private static String escaped(String path) {
    try {
      return new URI(null, null, path, null).getRawPath();
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(path, e);
    }
  }
}
