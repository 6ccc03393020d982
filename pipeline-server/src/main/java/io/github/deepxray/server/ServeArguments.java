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

/** Options of {@code serve}; a picocli mixin. */
public final class ServeArguments {
  /** Environment variable with the API key. */
  public static final String API_KEY_VARIABLE = "DEEPXRAY_API_KEY";

  private static final long MIB = 1 << 20;

  @Parameters(
      index = "0",
      paramLabel = "<models>",
      description =
          "A bundle, or a folder of version numbers with a bundle in each; new versions "
              + "are loaded while the server runs.")
  private Path models;

  @Option(
      names = "--name",
      defaultValue = "deepxray",
      paramLabel = "<name>",
      description = "Name of the model in /v1/models/<name>. Default: ${DEFAULT-VALUE}.")
  private String name;

  @Option(
      names = "--host",
      defaultValue = "127.0.0.1",
      paramLabel = "<address>",
      description =
          "Address to listen on; 0.0.0.0 for all, also reachable from other machines. "
              + "Default: ${DEFAULT-VALUE}.")
  private String host;

  @Option(
      names = "--port",
      defaultValue = "${env:" + HealthCheck.PORT_VARIABLE + ":-" + HealthCheck.DEFAULT_PORT + "}",
      paramLabel = "<n>",
      description =
          "Port; 0 for any free port. Default: the variable "
              + HealthCheck.PORT_VARIABLE
              + ", or "
              + HealthCheck.DEFAULT_PORT
              + ".")
  private int port;

  @Option(
      names = "--engine",
      paramLabel = "<form>",
      description =
          "Model of the bundle to run, such as int8, float32 or saved_model; its model "
              + "card lists them. Default: the first of int8, dynamic and float32 that passed "
              + "the gate, or else of the others.")
  private Optional<String> engine;

  @Option(
      names = "--prevalence",
      paramLabel = "<share>",
      description =
          "Share of the positive class among the images of your clinic: corrects calibrated"
              + " probabilities on the page, not the decisions. TensorFlow Serving's interface"
              + " gives the model's own. Default: the share among the validation images, or at the"
              + " site that the bundle was adapted to.")
  private Optional<Double> prevalence;

  @Option(
      names = "--workers",
      defaultValue = "0",
      paramLabel = "<n>",
      description =
          "Number of requests to process at the same time, each with its interpreter; 0 "
              + "for one per processor core. Default: ${DEFAULT-VALUE}.")
  private int workers;

  @Option(
      names = "--queue",
      defaultValue = "0",
      paramLabel = "<n>",
      description =
          "Maximum number of waiting requests; further ones are answered with 429; 0 for "
              + "16 per worker. Default: ${DEFAULT-VALUE}.")
  private int queue;

  @Option(
      names = "--batch",
      defaultValue = "0",
      paramLabel = "<n>",
      description =
          "Maximum batch size of waiting images; 0 for the fastest of the model: 1 for "
              + "TensorFlow Lite, 4 for a SavedModel. Default: ${DEFAULT-VALUE}.")
  private int batch;

  @Option(
      names = "--deadline",
      defaultValue = "10",
      paramLabel = "<seconds>",
      description =
          "Time limit of a request after its body was received: 503 if it waits longer, "
              + "504 if it runs longer. Default: ${DEFAULT-VALUE}.")
  private double deadline;

  @Option(
      names = "--max-request",
      defaultValue = "32",
      paramLabel = "<MiB>",
      description =
          "Maximum size of a body, compressed and uncompressed. Default: " + "${DEFAULT-VALUE}.")
  private double maxRequest;

  @Option(
      names = "--max-pixels",
      defaultValue = "64",
      paramLabel = "<millions>",
      description =
          "Maximum size of an image; images with a side above 20,000 pixels or an aspect "
              + "ratio above 20 are always refused. Default: ${DEFAULT-VALUE}.")
  private double maxPixels;

  @Option(
      names = "--max-images",
      defaultValue = "256",
      paramLabel = "<n>",
      description = "Maximum number of images of a request. Default: ${DEFAULT-VALUE}.")
  private int maxImages;

  @Option(
      names = "--read-timeout",
      defaultValue = "30",
      paramLabel = "<seconds>",
      description =
          "Time limit for receiving the headers, and for receiving the body. Default: "
              + "${DEFAULT-VALUE}.")
  private double readTimeout;

  @Option(
      names = "--drain-timeout",
      defaultValue = "30",
      paramLabel = "<seconds>",
      description =
          "Time limit for requests in flight at the end; then the server exits even if a "
              + "worker is busy. Default: ${DEFAULT-VALUE}.")
  private double drainTimeout;

  @Option(
      names = "--allow-host",
      split = ",",
      paramLabel = "<name>",
      description =
          "Allowed host name of requests, as passed on by a proxy; may be repeated. "
              + "Default: localhost and loopback addresses; any name if --host is not loopback.")
  private List<String> allowedHosts = new ArrayList<>();

  @Option(
      names = "--api-key-file",
      paramLabel = "<file>",
      description =
          "File with the key that clients must send as Authorization: Bearer <key> or "
              + "X-API-Key: <key>. Default: the variable "
              + API_KEY_VARIABLE
              + ", or no key.")
  private Optional<Path> apiKeyFile;

  @Option(
      names = "--cors-origin",
      paramLabel = "<origin>",
      description =
          "Origin whose pages may call the server, such as https://example.org, or * for "
              + "all. Default: only the server's own pages.")
  private Optional<String> corsOrigin;

  @Option(
      names = "--keep-versions",
      defaultValue = "1",
      paramLabel = "<n>",
      description = "Number of the newest versions to serve. Default: ${DEFAULT-VALUE}.")
  private int keepVersions;

  @Option(
      names = "--version-label",
      split = ",",
      paramLabel = "<label>=<n>",
      description =
          "Label of a version, which is served as /labels/<label> even if it is not "
              + "among the newest; may be repeated.")
  private Map<String, Long> versionLabels = new LinkedHashMap<>();

  @Option(
      names = "--poll",
      defaultValue = "2",
      paramLabel = "<seconds>",
      description = "Interval of polling for new versions. Default: ${DEFAULT-VALUE}.")
  private double poll;

  /**
   * Returns the options.
   *
   * @throws DeepXrayException if a value is invalid
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
    if (prevalence.isPresent()) {
      options = options.withPrevalence(prevalence.get());
    }
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
   * Serves until the process is terminated or the thread is interrupted, then answers the requests
   * in flight.
   *
   * @param out receives the address of the server when it is ready
   * @param err receives a line for each loaded or removed version and each failure
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
        removeHook(hook);
      }
    }
  }

  /** Removes the shutdown hook, which references the server, because the process may continue. */
  private static void removeHook(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process is ending: the hook has closed the server.
      return;
    }
  }
}
