package io.github.deepxray.serve;

import java.security.MessageDigest;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Phaser;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** Router of requests. */
final class Api extends Handler.Abstract {
  private static final String METRICS = "/monitoring/prometheus/metrics";
  private static final String SAMPLES = "/api/samples";
  private static final Pattern LOOPBACK =
      Pattern.compile("localhost|127(?:\\.\\d{1,3}){3}|\\[?(?:::1|(?:0+:){7}0*1)]?");

  private static final String BEARER = "Bearer ";
  private static final String TEXT = "text/plain; charset=utf-8";

  private final ServerOptions options;
  private final Versions versions;
  private final TensorFlowServing serving;
  private final PageApi page;
  private final Samples samples;
  private final StaticFiles files = new StaticFiles();
  private final Metrics metrics;
  private final WorkerPool workers;
  private final ScheduledExecutorService clock;
  private final ConnectionWatch connections;
  private final Phaser inFlight;
  private final MemoryBudget budget;
  private final BooleanSupplier draining;
  private final Consumer<Throwable> failures;

  Api(
      ServerOptions options,
      Versions versions,
      Metrics metrics,
      WorkerPool workers,
      ScheduledExecutorService clock,
      ConnectionWatch connections,
      Phaser inFlight,
      BooleanSupplier draining,
      Consumer<Throwable> failures) {
    this.options = options;
    this.samples = new Samples(options.samples());
    this.versions = versions;
    this.serving = new TensorFlowServing(versions, options);
    this.page = new PageApi(versions, options);
    this.metrics = metrics;
    this.workers = workers;
    this.clock = clock;
    this.connections = connections;
    this.inFlight = inFlight;
    // The larger part of the heap is for decoded images and the rest of the program.
    this.budget =
        new MemoryBudget(
            Math.max(2L * options.maxRequestBytes(), Runtime.getRuntime().maxMemory() / 4));
    this.draining = draining;
    this.failures = failures;
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    connections.begin(request);
    inFlight.register();
    Request.addCompletionListener(request, failure -> inFlight.arriveAndDeregister());
    HttpExchange exchange = new HttpExchange(request, response, callback, clock, metrics);
    try {
      if (draining.getAsBoolean()) {
        exchange.answerHeaders().put(HttpHeader.CONNECTION, "close");
      }
      route(exchange);
    } catch (ApiException e) {
      exchange.fail(e);
    } catch (RuntimeException e) {
      failures.accept(e);
      exchange.fail(new ApiException(500, "Internal error."));
    }
    return true;
  }

  private void route(HttpExchange exchange) {
    String path = exchange.path();
    // Health probes: always allowed, because they reveal nothing.
    boolean health = path.equals("/healthz");
    if (health || path.equals("/readyz")) {
      exchange.route("health");
      requireGet(exchange);
      boolean ready = versions.ready() && workers.alive() && !draining.getAsBoolean();
      String words = health ? "ok\n" : ready ? "ready\n" : "not ready\n";
      exchange.answer(health || ready ? 200 : 503, TEXT, Bodies.text(words), Map.of());
      return;
    }
    requireHost(exchange);
    boolean programs =
        path.toLowerCase(Locale.ROOT).startsWith("/v1/")
            || path.startsWith("/api/")
            || path.equals(METRICS);
    if (programs && crossOrigin(exchange)) {
      return;
    }
    if (!programs) {
      exchange.route("page");
      file(exchange, path);
      return;
    }
    authorize(exchange);
    if (path.equals(METRICS)) {
      exchange.route("metrics");
      requireGet(exchange);
      exchange.answer(200, Metrics.CONTENT_TYPE, metrics.page(), Map.of());
    } else if (path.startsWith("/api/")) {
      exchange.route("api");
      page(exchange, path);
    } else {
      tensorFlowServing(exchange, path);
    }
  }

  private void tensorFlowServing(HttpExchange exchange, String path) {
    if (!exchange.method().equals("POST")) {
      exchange.route("status");
      exchange.answer(serving.describe(exchange.method(), path));
      return;
    }
    TensorFlowServing.Call call = serving.call(exchange.method(), path);
    exchange.route(call.method());
    work(exchange, call.model(), call.task());
  }

  private void page(HttpExchange exchange, String path) {
    if (path.equals("/api/classify")) {
      exchange.route("api/classify");
      require(exchange, "POST", exchange.method().equals("POST"));
      work(exchange, page::acquire, page::classify);
      return;
    }
    requireGet(exchange);
    if (path.equals("/api/model")) {
      exchange.answer(page.model());
    } else if (path.equals(SAMPLES)) {
      exchange.answer(PageApi.names(samples));
    } else if (path.startsWith(SAMPLES + "/")) {
      byte[] png =
          samples
              .png(path.substring(SAMPLES.length() + 1))
              .orElseThrow(() -> ApiException.notFound("There is no sample of that name."));
      exchange.answer(200, "image/png", png, Map.of("Cache-Control", "max-age=3600"));
    } else {
      throw ApiException.notFound("There is nothing at " + path + ".");
    }
  }

  /** Reads a request and passes its inference to a worker. */
  private void work(
      HttpExchange exchange,
      Supplier<ModelVersion> model,
      Function<Supplier<byte[]>, InferenceTask> task) {
    if (draining.getAsBoolean()) {
      throw ApiException.unavailable("The server shuts down.");
    }
    boolean gzip = gzip(exchange.headers());
    // Check that the model exists before the body is read. The model is not retained while reading,
    // which may take long, and a newer version may be loaded.
    model.get().release();
    exchange.read(
        options.maxRequestBytes(),
        options.readTimeout().toMillis(),
        budget,
        // The worker decompresses the body, because this takes time.
        bytes ->
            queue(
                exchange,
                model,
                task.apply(
                    gzip ? () -> Bodies.gunzip(bytes, options.maxRequestBytes()) : () -> bytes)));
  }

  private void queue(HttpExchange exchange, Supplier<ModelVersion> model, InferenceTask task) {
    ModelVersion held;
    try {
      held = model.get();
    } catch (ApiException e) {
      exchange.fail(e);
      return;
    }
    long deadline = System.nanoTime() + options.deadline().toNanos();
    workers
        .offer(new WorkerPool.Job(held, task, deadline, exchange))
        .ifPresent(
            refusal -> {
              held.release();
              exchange.fail(refusal);
            });
  }

  /** Whether the body is compressed. */
  private static boolean gzip(HttpFields headers) {
    String encoding = headers.get(HttpHeader.CONTENT_ENCODING);
    if (encoding == null || encoding.equalsIgnoreCase("identity")) {
      return false;
    } else if (encoding.equalsIgnoreCase("gzip") || encoding.equalsIgnoreCase("x-gzip")) {
      return true;
    }
    throw new ApiException(
        415, "Content-Encoding " + encoding + " is not supported; send gzip or none.");
  }

  private void file(HttpExchange exchange, String path) {
    Optional<StaticFiles.StaticFile> file = files.find(path);
    if (file.isEmpty()) {
      throw ApiException.notFound("There is nothing at " + path + ".");
    }
    requireGet(exchange);
    Map<String, String> headers =
        Map.of(
            "ETag",
            file.get().tag,
            "Cache-Control",
            "no-cache",
            "Content-Security-Policy",
            StaticFiles.POLICY,
            "Referrer-Policy",
            "no-referrer");
    if (file.get().tag.equals(exchange.headers().get(HttpHeader.IF_NONE_MATCH))) {
      exchange.answer(304, file.get().type, new byte[0], headers);
    } else {
      exchange.answer(200, file.get().type, file.get().bytes, headers);
    }
  }

  private void requireHost(HttpExchange exchange) {
    if (!options.loopback() && options.allowedHosts().isEmpty()) {
      return;
    }
    String host = exchange.host();
    if (!LOOPBACK.matcher(host).matches() && !options.allowedHosts().contains(host)) {
      exchange.route("host");
      throw new ApiException(403, "This host name is not allowed; add it with --allow-host.");
    }
  }

  private static void requireGet(HttpExchange exchange) {
    require(exchange, "GET", exchange.method().equals("GET") || exchange.method().equals("HEAD"));
  }

  private static void require(HttpExchange exchange, String method, boolean right) {
    if (!right) {
      exchange.answerHeaders().put(HttpHeader.ALLOW, method);
      throw new ApiException(405, "Use " + method + " here, not " + exchange.method() + ".");
    }
  }

  /** Adds CORS headers and answers preflight requests. */
  private boolean crossOrigin(HttpExchange exchange) {
    if (options.corsOrigin().isEmpty()) {
      return false;
    }
    String allowed = options.corsOrigin().get();
    HttpFields.Mutable answer = exchange.answerHeaders();
    answer.put(HttpHeader.VARY, "Origin");
    String origin = exchange.headers().get(HttpHeader.ORIGIN);
    if (origin == null || !(allowed.equals("*") || allowed.equals(origin))) {
      return false;
    }
    answer.put("Access-Control-Allow-Origin", allowed);
    if (!exchange.method().equals("OPTIONS")) {
      return false;
    }
    exchange.route("preflight");
    exchange.answer(
        204,
        TEXT,
        new byte[0],
        Map.of(
            "Access-Control-Allow-Methods", "POST, GET",
            "Access-Control-Allow-Headers",
                "Content-Type, Content-Encoding, Authorization, X-API-Key",
            "Access-Control-Max-Age", "600"));
    return true;
  }

  private void authorize(HttpExchange exchange) {
    if (options.apiKey().isEmpty()) {
      return;
    }
    String authorization = exchange.headers().get(HttpHeader.AUTHORIZATION);
    String given =
        authorization != null && authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())
            ? authorization.substring(BEARER.length()).strip()
            : exchange.headers().get("X-API-Key");
    // Constant-time comparison.
    if (given == null
        || !MessageDigest.isEqual(Bodies.text(given), Bodies.text(options.apiKey().get()))) {
      exchange.answerHeaders().put(HttpHeader.WWW_AUTHENTICATE, "Bearer");
      throw new ApiException(
          401, "An API key is needed: send it as Authorization: Bearer <key> or X-API-Key: <key>.");
    }
  }
}
