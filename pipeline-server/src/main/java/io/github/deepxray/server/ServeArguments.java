package io.github.deepxray.server;

import io.github.deepxray.classify.Artifact;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.TextFiles;
import io.github.deepxray.serve.ModelServer;
import io.github.deepxray.serve.ServerOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What {@code serve} is told; a picocli mixin. */
public final class ServeArguments {
  /** The variable of the environment that may hold the API key. */
  public static final String API_KEY_VARIABLE = "DEEPXRAY_API_KEY";

  private static final long MIB = 1 << 20;

  @Parameters(
      index = "0",
      paramLabel = "<models>",
      description =
          "A bundle, or a folder of version numbers with a bundle in each; new versions are picked"
              + " up while the server runs.")
  private Path models;

  @Option(
      names = "--name",
      defaultValue = "deepxray",
      paramLabel = "<name>",
      description = "The model's name in /v1/models/<name>. Default: ${DEFAULT-VALUE}.")
  private String name;

  @Option(
      names = "--host",
      defaultValue = "127.0.0.1",
      paramLabel = "<address>",
      description =
          "The address to listen on; 0.0.0.0 for all, which lets other machines in. Default:"
              + " ${DEFAULT-VALUE}.")
  private String host;

  @Option(
      names = "--port",
      defaultValue = "${env:" + HealthCheck.PORT_VARIABLE + ":-" + HealthCheck.DEFAULT_PORT + "}",
      paramLabel = "<n>",
      description =
          "The port; 0 for any that is free. Default: the variable "
              + HealthCheck.PORT_VARIABLE
              + ", or "
              + HealthCheck.DEFAULT_PORT
              + ".")
  private int port;

  @Option(
      names = "--engine",
      paramLabel = "<form>",
      description =
          "Which model of the bundle to run, such as int8, float32 or saved_model; its model card"
              + " names them. Default: the first of int8, dynamic and float32 that is blessed, or"
              + " else of what it has.")
  private Optional<String> engine;

  @Option(
      names = "--workers",
      defaultValue = "0",
      paramLabel = "<n>",
      description =
          "How many requests to work on at a time, each with an interpreter of its own; 0 for one a"
              + " processor core. Default: ${DEFAULT-VALUE}.")
  private int workers;

  @Option(
      names = "--queue",
      defaultValue = "0",
      paramLabel = "<n>",
      description =
          "How many requests may wait before others are answered with 429; 0 for 16 a worker."
              + " Default: ${DEFAULT-VALUE}.")
  private int queue;

  @Option(
      names = "--batch",
      defaultValue = "0",
      paramLabel = "<n>",
      description =
          "How many images to run together at most if so many wait; 0 for what the form of the"
              + " model does best: 1 for TensorFlow Lite, 4 for a SavedModel. Default:"
              + " ${DEFAULT-VALUE}.")
  private int batch;

  @Option(
      names = "--deadline",
      defaultValue = "10",
      paramLabel = "<seconds>",
      description =
          "How long a request may take once its body has come: 503 if it waits longer, 504 if it"
              + " takes longer. Default: ${DEFAULT-VALUE}.")
  private double deadline;

  @Option(
      names = "--max-request",
      defaultValue = "32",
      paramLabel = "<MiB>",
      description = "The largest body, packed or not. Default: ${DEFAULT-VALUE}.")
  private double maxRequest;

  @Option(
      names = "--max-pixels",
      defaultValue = "64",
      paramLabel = "<millions>",
      description =
          "The largest image; none of more than 20,000 pixels a side or 20 times as long one way as"
              + " the other is taken. Default: ${DEFAULT-VALUE}.")
  private double maxPixels;

  @Option(
      names = "--max-images",
      defaultValue = "256",
      paramLabel = "<n>",
      description = "The most images of a request. Default: ${DEFAULT-VALUE}.")
  private int maxImages;

  @Option(
      names = "--read-timeout",
      defaultValue = "30",
      paramLabel = "<seconds>",
      description =
          "How long a client may take to send headers, and to send the body. Default:"
              + " ${DEFAULT-VALUE}.")
  private double readTimeout;

  @Option(
      names = "--drain-timeout",
      defaultValue = "30",
      paramLabel = "<seconds>",
      description =
          "How long to wait at the end for requests that are not answered; then the server ends"
              + " even if a worker is busy. Default: ${DEFAULT-VALUE}.")
  private double drainTimeout;

  @Option(
      names = "--allow-host",
      split = ",",
      paramLabel = "<name>",
      description =
          "A name by which the server is called, as a proxy in front may pass it on; may be"
              + " repeated. Default: localhost and loopback addresses; any if --host is another.")
  private List<String> allowedHosts = new ArrayList<>();

  @Option(
      names = "--api-key-file",
      paramLabel = "<file>",
      description =
          "A file with the key that clients must send as Authorization: Bearer <key> or X-API-Key:"
              + " <key>. Default: the variable "
              + API_KEY_VARIABLE
              + ", or no key.")
  private Optional<Path> apiKeyFile;

  @Option(
      names = "--cors-origin",
      paramLabel = "<origin>",
      description =
          "Pages of which origin may call, such as https://example.org, or * for all. Default: the"
              + " server's own alone.")
  private Optional<String> corsOrigin;

  @Option(
      names = "--keep-versions",
      defaultValue = "1",
      paramLabel = "<n>",
      description = "How many of the newest versions to serve. Default: ${DEFAULT-VALUE}.")
  private int keepVersions;

  @Option(
      names = "--version-label",
      split = ",",
      paramLabel = "<label>=<n>",
      description =
          "A name for a version, served as /labels/<label> even if it is not among the newest; may"
              + " be repeated.")
  private Map<String, Long> versionLabels = new LinkedHashMap<>();

  @Option(
      names = "--poll",
      defaultValue = "2",
      paramLabel = "<seconds>",
      description = "How often to look for new versions. Default: ${DEFAULT-VALUE}.")
  private double poll;

  /**
   * The options.
   *
   * @throws DeepXrayException if a value is wrong
   * @throws IOException if the file of the API key cannot be read
   */
  public ServerOptions options() throws IOException {
    ServerOptions options =
        ServerOptions.DEFAULT
            .withName(name)
            .withHost(host)
            .withPort(port)
            .withDeadline(seconds(deadline))
            .withMaxRequestBytes((int) Math.min(Integer.MAX_VALUE - 8, maxRequest * MIB))
            .withMaxPixels((long) (maxPixels * 1e6))
            .withMaxImages(maxImages)
            .withReadTimeout(seconds(readTimeout))
            .withDrainTimeout(seconds(drainTimeout))
            .withKeepVersions(keepVersions)
            .withAllowedHosts(Set.copyOf(allowedHosts))
            .withVersionLabels(versionLabels)
            .withSamples(PhantomSamples.all())
            .withPollInterval(seconds(poll))
            .withEngine(engine.map(Artifact::of))
            .withCorsOrigin(corsOrigin);
    if (workers != 0) {
      options = options.withWorkers(workers);
    }
    if (queue != 0) {
      options = options.withQueue(queue);
    }
    if (batch != 0) {
      options = options.withBatch(batch);
    }
    Optional<String> key = Optional.ofNullable(System.getenv(API_KEY_VARIABLE));
    if (apiKeyFile.isPresent()) {
      key = Optional.of(TextFiles.read(apiKeyFile.get(), 1).strip());
    }
    return options.withApiKey(key.filter(k -> !k.isEmpty()));
  }

  private static Duration seconds(double value) {
    return Duration.ofNanos((long) (value * 1e9));
  }

  /**
   * Serves until the process is told to end, or the thread is interrupted, and answers what is in
   * flight then.
   *
   * @param out told where the server listens, when it is ready
   * @param err told of versions that come and go, and of failures
   * @throws DeepXrayException if the model cannot be served
   * @throws IOException if something cannot be read
   * @throws InterruptedException if the thread is interrupted
   */
  public void serve(ServerOptions options, PrintWriter out, PrintWriter err)
      throws IOException, InterruptedException {
    try (ModelServer server =
        ModelServer.start(
            models,
            options,
            line -> {
              err.println("deepxray serve: " + line);
              err.flush();
            })) {
      Thread hook = new Thread(server::close, "deepxray-shutdown");
      Runtime.getRuntime().addShutdownHook(hook);
      out.println(
          "%s: %s/ for people, %s/v1/models/%s:predict for programs. Not a medical device."
              .formatted(
                  server.ready() ? "Ready" : "Waiting for a version",
                  server.uri(),
                  server.uri(),
                  options.name()));
      out.flush();
      try {
        server.join();
      } finally {
        forget(hook);
      }
    }
  }

  /** The process may go on without the server, which the hook would hold. */
  private static void forget(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process ends: it is the hook that closed the server.
      return;
    }
  }
}
