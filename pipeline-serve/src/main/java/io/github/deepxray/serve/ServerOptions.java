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
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * How to serve. Start from {@link #DEFAULT} and change it with the {@code with} methods.
 *
 * @param name the name under which the model is served
 * @param host the address to listen on
 * @param port the port to listen on; 0 for any that is free
 * @param engine which form of the model to run; if empty, the smallest that the gate has blessed
 * @param workers how many requests are worked on at a time, each with an interpreter of its own
 * @param queue how many requests may wait; the next is answered with 429. If empty, {@value
 *     #QUEUE_PER_WORKER} for each worker
 * @param batch how many images to run together at most; if empty, what the engine does best
 * @param deadline how long a request may take once its body has come
 * @param maxRequestBytes the most bytes of a request's body, compressed or not
 * @param imageLimits how large an image may be
 * @param maxImages the most images of a request
 * @param readTimeout how long a client may take to send its headers, and again to send the body
 * @param drainTimeout how long to wait for requests in flight when the server is closed
 * @param allowedHosts the names, without ports, under which it is called beside those of the
 *     loopback address. Others are refused if there are some, or if it listens on loopback alone: a
 *     web page whose name leads here all of a sudden (DNS rebinding) would be one of the server's
 *     own otherwise
 * @param apiKey what clients must present; if empty, nothing
 * @param corsOrigin the origin whose pages may call, or {@code *}; if empty, only the server's own
 * @param keepVersions how many of the newest versions are served
 * @param versionLabels names for versions, which are served beside the newest ones
 * @param pollInterval how often to look for new versions
 * @param samples images that the page offers to try the model on, by the names of their files,
 *     which end in {@code .png}; each is asked for once, when somebody looks at it
 */
@RecordBuilder
public record ServerOptions(
    String name,
    String host,
    int port,
    Optional<Artifact> engine,
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
  /** The port of TensorFlow Serving's REST interface. */
  public static final int DEFAULT_PORT = 8501;

  /** So many requests may wait for each worker unless somebody says otherwise. */
  public static final int QUEUE_PER_WORKER = 16;

  /**
   * A model called {@code deepxray}, on loopback and the usual port, a worker for each processor
   * core, 10 seconds and 32 MiB a request, 256 images, 30 seconds to read and to drain, the newest
   * version alone, a look for another every 2 seconds; no key, no other origin, no samples.
   */
  public static final ServerOptions DEFAULT =
      new ServerOptions(
          "deepxray",
          "127.0.0.1",
          DEFAULT_PORT,
          Optional.empty(),
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

  /** Copies the collections and checks everything. */
  public ServerOptions {
    check(name.matches("[^/:\\s]+"), "The name of a model has no /, : or blanks", name);
    check(port >= 0 && port <= 65535, "A port is 0 to 65535", port);
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

  /** The same with this form of the model. */
  public ServerOptions withEngine(Artifact value) {
    return withEngine(Optional.of(value));
  }

  /** The same with another length of the queue. */
  public ServerOptions withQueue(int value) {
    return withQueue(OptionalInt.of(value));
  }

  /** The same with so many images run together at most. */
  public ServerOptions withBatch(int value) {
    return withBatch(OptionalInt.of(value));
  }

  /** The same with another number of pixels that an image may have. */
  public ServerOptions withMaxPixels(long value) {
    check(value >= 1, "An image must be allowed 1 pixel or more", value);
    return withImageLimits(imageLimits.withMaxPixels(value));
  }

  /** The same with a key that clients must present. */
  public ServerOptions withApiKey(String value) {
    return withApiKey(Optional.of(value));
  }

  /** The same for pages of an origin too. */
  public ServerOptions withCorsOrigin(String value) {
    return withCorsOrigin(Optional.of(value));
  }

  /** How many requests may wait. */
  int places() {
    return queue.orElse(QUEUE_PER_WORKER * workers);
  }

  /** Whether only this machine can reach it. */
  public boolean loopback() {
    try {
      return InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      // It cannot be listened on either, which is said then.
      return false;
    }
  }

  /** Without the key. */
  @Override
  public String toString() {
    return "ServerOptions[" + name + " on " + host + ":" + port + "]";
  }
}
