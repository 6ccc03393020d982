package io.github.deepxray.serve;

import io.github.deepxray.classify.Artifact;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.ImageLimits;
import io.github.deepxray.core.image.RgbImage;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Options of the server. Start from {@link #DEFAULT} and change it with the {@code with} methods.
 *
 * @param name name of the served model
 * @param host address to listen on
 * @param port port to listen on; 0 for any free port
 * @param engine artifact to run; if empty, the smallest that passed the gate
 * @param prevalence share of the second of two classes among the images to classify, to which the
 *     page and its interface correct calibrated probabilities; TensorFlow Serving's interface gives
 *     the model's own outputs. If empty, no correction
 * @param workers number of requests that are processed at the same time, each with its interpreter
 * @param queue maximum number of waiting requests; further ones are answered with 429. If empty,
 *     {@value #QUEUE_PER_WORKER} for each worker
 * @param batch maximum batch size; if empty, the preferred one of the engine
 * @param deadline maximum time of a request after its body was received
 * @param maxRequestBytes maximum size of a request's body in bytes, compressed and uncompressed
 * @param imageLimits size limits of images
 * @param maxImages maximum number of images of a request
 * @param readTimeout time limit for receiving the headers, and again for the body
 * @param drainTimeout time limit for requests in flight when the server is closed
 * @param allowedHosts allowed host names, without ports, besides those of the loopback address.
 *     Others are refused if this set is not empty or the server listens only on loopback, against
 *     DNS rebinding
 * @param apiKey key that clients must send; if empty, no key is needed
 * @param corsOrigin origin whose pages may call the server, or {@code *}; if empty, only the
 *     server's own pages
 * @param keepVersions number of the newest versions to serve
 * @param versionLabels labels of versions, which are served in addition to the newest ones
 * @param pollInterval interval of polling for new versions
 * @param samples sample images of the page, by file names that end in {@code .png}; each is
 *     requested once, when it is first shown
 */
@RecordBuilder
public record ServerOptions(
    String name,
    String host,
    int port,
    Optional<Artifact> engine,
    OptionalDouble prevalence,
    int workers,
    OptionalInt queue,
    OptionalInt batch,
    Duration deadline,
    int maxRequestBytes,
    ImageLimits imageLimits,
    int maxImages,
    Duration readTimeout,
    Duration drainTimeout,
    Set<String> allowedHosts,
    Optional<String> apiKey,
    Optional<String> corsOrigin,
    int keepVersions,
    Map<String, Long> versionLabels,
    Duration pollInterval,
    Map<String, Supplier<RgbImage>> samples)
    implements ServerOptionsBuilder.With {
  /** Port of TensorFlow Serving's REST interface. */
  public static final int DEFAULT_PORT = 8501;

  /** Default number of waiting requests per worker. */
  public static final int QUEUE_PER_WORKER = 16;

  /**
   * Default options: model {@code deepxray} on loopback and the default port, a worker for each
   * processor core, 10 seconds, 32 MiB and 256 images per request, 30 seconds to read and to drain,
   * only the newest version, polling every 2 seconds; no key, no other origin, no samples.
   */
  public static final ServerOptions DEFAULT =
      new ServerOptions(
          "deepxray",
          "127.0.0.1",
          DEFAULT_PORT,
          Optional.empty(),
          OptionalDouble.empty(),
          Runtime.getRuntime().availableProcessors(),
          OptionalInt.empty(),
          OptionalInt.empty(),
          Duration.ofSeconds(10),
          32 << 20,
          ImageLimits.DEFAULT,
          256,
          Duration.ofSeconds(30),
          Duration.ofSeconds(30),
          Set.of(),
          Optional.empty(),
          Optional.empty(),
          1,
          Map.of(),
          Duration.ofSeconds(2),
          Map.of());

  /** Copies the collections and checks all values. */
  public ServerOptions {
    check(name.matches("[^/:\\s]+"), "The name of a model has no /, : or blanks", name);
    check(port >= 0 && port <= 65535, "A port is 0 to 65535", port);
    double share = prevalence.orElse(0.5);
    check(share > 0 && share < 1, "A prevalence lies between 0 and 1", share);
    check(workers >= 1, "There must be 1 worker or more", workers);
    check(queue.orElse(1) >= 1, "The queue must hold 1 request or more", queue.orElse(1));
    check(batch.orElse(1) >= 1, "A batch must hold 1 image or more", batch.orElse(1));
    check(maxRequestBytes >= 1024, "A request must be allowed 1024 bytes or more", maxRequestBytes);
    check(maxImages >= 1, "A request must be allowed 1 image or more", maxImages);
    check(keepVersions >= 1, "1 version or more must be served", keepVersions);
    checkPositive(deadline, "deadline");
    checkPositive(readTimeout, "read timeout");
    checkPositive(drainTimeout, "drain timeout");
    checkPositive(pollInterval, "poll interval");
    checkEach(allowedHosts, "[A-Za-z0-9._:\\[\\]-]+", "A host is a name or address");
    checkEach(versionLabels.keySet(), "[^/:\\s]+", "A label has no /, : or blanks");
    checkEach(samples.keySet(), "[\\w-]+\\.png", "A sample is called like a-1.png");
    checkEach(
        corsOrigin.stream().toList(),
        "\\*|https?://[^/\\s]+",
        "An origin is * or looks like https://example.org");
    if (!apiKey.orElse("12345678").matches("[\\x21-\\x7e]{8,}")) {
      throw new DeepXrayException(
          "An API key has 8 or more visible ASCII characters and no blanks; choose another.");
    }
    allowedHosts =
        allowedHosts.stream()
            .map(known -> known.toLowerCase(Locale.ROOT))
            .collect(Collectors.toUnmodifiableSet());
    versionLabels = Collections.unmodifiableMap(new TreeMap<>(versionLabels));
    samples = Collections.unmodifiableMap(new TreeMap<>(samples));
  }

  private static void checkPositive(Duration value, String what) {
    check(value.toMillis() >= 1, "The " + what + " must be positive", value);
  }

  private static void checkEach(Iterable<String> values, String pattern, String rule) {
    values.forEach(value -> check(value.matches(pattern), rule, value));
  }

  private static void check(boolean right, String rule, Object value) {
    if (!right) {
      throw new DeepXrayException(rule + ", not " + value + ".");
    }
  }

  /** Returns a copy with an artifact to run. */
  public ServerOptions withEngine(Artifact value) {
    return withEngine(Optional.of(value));
  }

  /** Returns a copy for another prevalence. */
  public ServerOptions withPrevalence(double value) {
    return withPrevalence(OptionalDouble.of(value));
  }

  /** Returns a copy with another length of the queue. */
  public ServerOptions withQueue(int value) {
    return withQueue(OptionalInt.of(value));
  }

  /** Returns a copy with another maximum batch size. */
  public ServerOptions withBatch(int value) {
    return withBatch(OptionalInt.of(value));
  }

  /** Returns a copy with another maximum number of pixels of an image. */
  public ServerOptions withMaxPixels(long value) {
    check(value >= 1, "An image must be allowed 1 pixel or more", value);
    return withImageLimits(imageLimits.withMaxPixels(value));
  }

  /** Returns a copy with a key that clients must send. */
  public ServerOptions withApiKey(String value) {
    return withApiKey(Optional.of(value));
  }

  /** Returns a copy that allows pages of an origin. */
  public ServerOptions withCorsOrigin(String value) {
    return withCorsOrigin(Optional.of(value));
  }

  /** Returns the maximum number of waiting requests. */
  int places() {
    return queue.orElse(QUEUE_PER_WORKER * workers);
  }

  /** Whether only this machine can reach the server. */
  public boolean loopback() {
    try {
      return InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      // Listening on an unknown host fails later with a message.
      return false;
    }
  }

  /** Returns the options without the key. */
  @Override
  public String toString() {
    return "ServerOptions[" + name + " on " + host + ":" + port + "]";
  }
}
