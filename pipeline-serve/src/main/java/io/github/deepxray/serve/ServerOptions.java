package io.github.deepxray.serve;

import io.github.deepxray.classify.Artifact;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.ImageLimits;
import io.github.deepxray.core.image.RgbImage;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** How to serve. */
public final class ServerOptions {
  /** The port of TensorFlow Serving's REST interface. */
  public static final int DEFAULT_PORT = 8501;

  private final String name;
  private final String host;
  private final int port;
  private final Optional<Artifact> engine;
  private final int workers;
  private final int queue;
  private final OptionalInt batch;
  private final Duration deadline;
  private final int maxRequestBytes;
  private final ImageLimits imageLimits;
  private final int maxImages;
  private final Duration readTimeout;
  private final Duration drainTimeout;
  private final Set<String> allowedHosts;
  private final Optional<String> apiKey;
  private final Optional<String> corsOrigin;
  private final int keepVersions;
  private final Map<String, Long> versionLabels;
  private final Duration pollInterval;
  private final Map<String, Supplier<RgbImage>> samples;

  private ServerOptions(Builder b) {
    name = b.name;
    host = b.host;
    port = b.port;
    engine = b.engine;
    workers = b.workers;
    queue = b.queue >= 0 ? b.queue : QUEUE_PER_WORKER * b.workers;
    batch = b.batch;
    deadline = b.deadline;
    maxRequestBytes = b.maxRequestBytes;
    imageLimits = b.imageLimits;
    maxImages = b.maxImages;
    readTimeout = b.readTimeout;
    drainTimeout = b.drainTimeout;
    allowedHosts = b.allowedHosts;
    apiKey = b.apiKey;
    corsOrigin = b.corsOrigin;
    keepVersions = b.keepVersions;
    versionLabels = new TreeMap<>(b.versionLabels);
    pollInterval = b.pollInterval;
    samples = b.samples;
  }

  /** So many requests may wait for each worker unless somebody says otherwise. */
  public static final int QUEUE_PER_WORKER = 16;

  /** The defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** The name under which the model is served. */
  public String name() {
    return name;
  }

  /** The address to listen on. */
  public String host() {
    return host;
  }

  /** The port to listen on; 0 for any that is free. */
  public int port() {
    return port;
  }

  /** Which form of the model to run; if empty, the smallest that the gate has blessed. */
  public Optional<Artifact> engine() {
    return engine;
  }

  /** How many requests are worked on at a time, each with an interpreter of its own. */
  public int workers() {
    return workers;
  }

  /** How many requests may wait; the next is answered with 429. */
  public int queue() {
    return queue;
  }

  /** How many images to run together at most; if empty, what the engine does best. */
  public OptionalInt batch() {
    return batch;
  }

  /** How long a request may take once its body has come; how long that may take is another. */
  public Duration deadline() {
    return deadline;
  }

  /** The most bytes of a request's body, compressed or not. */
  public int maxRequestBytes() {
    return maxRequestBytes;
  }

  /** How large an image may be. */
  public ImageLimits imageLimits() {
    return imageLimits;
  }

  /** The most images of a request. */
  public int maxImages() {
    return maxImages;
  }

  /** How long a client may take to send its headers, and again to send the body. */
  public Duration readTimeout() {
    return readTimeout;
  }

  /** How long to wait for requests in flight when the server is closed. */
  public Duration drainTimeout() {
    return drainTimeout;
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

  /**
   * The names under which it is called beside those of the loopback address. Others are refused if
   * there are some, or if it listens on loopback alone: a web page whose name leads here all of a
   * sudden (DNS rebinding) would be one of the server's own otherwise.
   */
  public Set<String> allowedHosts() {
    return allowedHosts;
  }

  /** What clients must present; if empty, nothing. */
  public Optional<String> apiKey() {
    return apiKey;
  }

  /** The origin whose pages may call, or {@code *}; if empty, only the server's own. */
  public Optional<String> corsOrigin() {
    return corsOrigin;
  }

  /** How many of the newest versions are served. */
  public int keepVersions() {
    return keepVersions;
  }

  /** Names for versions, which are served beside the newest ones. */
  public Map<String, Long> versionLabels() {
    return new TreeMap<>(versionLabels);
  }

  /** How often to look for new versions. */
  public Duration pollInterval() {
    return pollInterval;
  }

  /** Images that the page offers to try the model on, by the names of their files. */
  public Map<String, Supplier<RgbImage>> samples() {
    return samples;
  }

  /** Collects options. */
  public static final class Builder {
    private String name = "deepxray";
    private String host = "127.0.0.1";
    private int port = DEFAULT_PORT;
    private Optional<Artifact> engine = Optional.empty();
    private int workers = Runtime.getRuntime().availableProcessors();
    private int queue = -1;
    private OptionalInt batch = OptionalInt.empty();
    private Duration deadline = Duration.ofSeconds(10);
    private int maxRequestBytes = 32 << 20;
    private ImageLimits imageLimits = ImageLimits.DEFAULT;
    private int maxImages = 256;
    private Duration readTimeout = Duration.ofSeconds(30);
    private Duration drainTimeout = Duration.ofSeconds(30);
    private Set<String> allowedHosts = Set.of();
    private Optional<String> apiKey = Optional.empty();
    private Optional<String> corsOrigin = Optional.empty();
    private int keepVersions = 1;
    private Map<String, Long> versionLabels = Map.of();
    private Duration pollInterval = Duration.ofSeconds(2);
    private Map<String, Supplier<RgbImage>> samples = Map.of();

    private Builder() {}

    /** The name of the model. Default: {@code deepxray}. */
    public Builder optName(String value) {
      require(value.matches("[^/:\\s]+"), "The name of a model has no /, : or blanks", value);
      name = value;
      return this;
    }

    /** The address to listen on. Default: {@code 127.0.0.1}. */
    public Builder optHost(String value) {
      host = value;
      return this;
    }

    /** The port. Default: {@value ServerOptions#DEFAULT_PORT}. */
    public Builder optPort(int value) {
      require(value >= 0 && value <= 65535, "A port is 0 to 65535", value);
      port = value;
      return this;
    }

    /** The form of the model. Default: the smallest that is blessed. */
    public Builder optEngine(Artifact value) {
      engine = Optional.of(value);
      return this;
    }

    /** The number of workers. Default: one for each processor core. */
    public Builder optWorkers(int value) {
      require(value >= 1, "There must be 1 worker or more", value);
      workers = value;
      return this;
    }

    /** The length of the queue. Default: {@value ServerOptions#QUEUE_PER_WORKER} a worker. */
    public Builder optQueue(int value) {
      require(value >= 1, "The queue must hold 1 request or more", value);
      queue = value;
      return this;
    }

    /** How many images to run together at most. Default: what the engine does best. */
    public Builder optBatch(int value) {
      require(value >= 1, "A batch must hold 1 image or more", value);
      batch = OptionalInt.of(value);
      return this;
    }

    /** How long a request may take once its body has come. Default: 10 seconds. */
    public Builder optDeadline(Duration value) {
      deadline = positive(value, "deadline");
      return this;
    }

    /** The most bytes of a body. Default: 32 MiB. */
    public Builder optMaxRequestBytes(int value) {
      require(value >= 1024, "A request must be allowed 1024 bytes or more", value);
      maxRequestBytes = value;
      return this;
    }

    /** The most pixels of an image. Default: those of {@link ImageLimits#DEFAULT}. */
    public Builder optMaxPixels(long value) {
      require(value >= 1, "An image must be allowed 1 pixel or more", value);
      imageLimits = imageLimits.withMaxPixels(value);
      return this;
    }

    /** The most images of a request. Default: 256. */
    public Builder optMaxImages(int value) {
      require(value >= 1, "A request must be allowed 1 image or more", value);
      maxImages = value;
      return this;
    }

    /** How long a client may take to send. Default: 30 seconds. */
    public Builder optReadTimeout(Duration value) {
      readTimeout = positive(value, "read timeout");
      return this;
    }

    /** How long to wait for requests in flight at the end. Default: 30 seconds. */
    public Builder optDrainTimeout(Duration value) {
      drainTimeout = positive(value, "drain timeout");
      return this;
    }

    /** The names under which it is called, without ports. Default: those of loopback. */
    public Builder optAllowedHosts(Collection<String> value) {
      value.forEach(
          name ->
              require(name.matches("[A-Za-z0-9._:\\[\\]-]+"), "A host is a name or address", name));
      allowedHosts =
          value.stream()
              .map(name -> name.toLowerCase(Locale.ROOT))
              .collect(Collectors.toUnmodifiableSet());
      return this;
    }

    /** What clients must present. Default: nothing. */
    public Builder optApiKey(String value) {
      if (!value.matches("[\\x21-\\x7e]{8,}")) {
        throw new DeepXrayException(
            "An API key has 8 or more visible ASCII characters and no blanks; choose another.");
      }
      apiKey = Optional.of(value);
      return this;
    }

    /** Whose pages may call. Default: nobody else's. */
    public Builder optCorsOrigin(String value) {
      require(
          value.matches("\\*|https?://[^/\\s]+"),
          "An origin is * or looks like https://example.org",
          value);
      corsOrigin = Optional.of(value);
      return this;
    }

    /** How many of the newest versions are served. Default: 1. */
    public Builder optKeepVersions(int value) {
      require(value >= 1, "1 version or more must be served", value);
      keepVersions = value;
      return this;
    }

    /** Names for versions. Default: none. */
    public Builder optVersionLabels(Map<String, Long> value) {
      value
          .keySet()
          .forEach(
              label -> require(label.matches("[^/:\\s]+"), "A label has no /, : or blanks", label));
      versionLabels = Map.copyOf(value);
      return this;
    }

    /** How often to look for new versions. Default: 2 seconds. */
    public Builder optPollInterval(Duration value) {
      pollInterval = positive(value, "poll interval");
      return this;
    }

    /**
     * Images that the page offers to try the model on. Default: none.
     *
     * @param value by the names of their files, which end in {@code .png}; each is asked for once,
     *     when somebody looks at it
     */
    public Builder optSamples(Map<String, Supplier<RgbImage>> value) {
      value
          .keySet()
          .forEach(
              sample ->
                  require(
                      sample.matches("[\\w-]+\\.png"), "A sample is called like a-1.png", sample));
      samples = Collections.unmodifiableMap(new TreeMap<>(value));
      return this;
    }

    /** The options. */
    public ServerOptions build() {
      return new ServerOptions(this);
    }

    private static Duration positive(Duration value, String what) {
      require(value.toMillis() >= 1, "The " + what + " must be positive", value);
      return value;
    }

    private static void require(boolean right, String rule, Object value) {
      if (!right) {
        throw new DeepXrayException(rule + ", not " + value + ".");
      }
    }
  }
}
