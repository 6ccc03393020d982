package io.github.deepxray.serve;

import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.format.ModelFormats;
import io.github.deepxray.core.internal.concurrent.Workers;
import io.github.deepxray.core.internal.io.AtomicFiles;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.BindException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.Phaser;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * Server of one model. It runs from {@link #start} until {@link #close}, which first answers the
 * requests in flight.
 *
 * <p>Images are kept only in memory, while their request is processed.
 */
public final class ModelServer implements AutoCloseable {
  private static final int MAX_CONNECTIONS = 1024;
  private static final int HTTP_THREADS = 16;

  /** Maximum delay of the answer to a waiting request after its deadline, in milliseconds. */
  private static final long MAX_LATE = 100;

  private final ServerOptions options;
  private final Consumer<String> log;
  private final Versions versions;
  private final WorkerPool workers;
  private final ScheduledThreadPoolExecutor clock;
  private final Server server;
  private final ServerConnector connector;

  /** Parties are the unanswered requests, and this server until it drains. */
  private final Phaser inFlight = new Phaser(1);

  private final List<Future<?>> periodic = new CopyOnWriteArrayList<>();
  private volatile int port;
  private final AtomicBoolean draining = new AtomicBoolean();
  private final CompletableFuture<Void> closed = new CompletableFuture<>();

  private ModelServer(Path models, ServerOptions options, Consumer<String> log) {
    this.options = options;
    this.log = log;
    versions = new Versions(models, options, log);
    Metrics metrics = new Metrics(versions::served);
    workers =
        new WorkerPool(
            options.workers(), options.places(), metrics, failure -> log.accept(trace(failure)));
    metrics.gauge("deepxray_queue_length", "Requests that wait for a worker.", workers::waiting);
    metrics.gauge("deepxray_queue_capacity", "Requests that may wait.", options::places);
    metrics.gauge(
        "deepxray_model_version",
        "The newest version that is served; 0 if there is none.",
        () -> versions.newest().orElse(0));
    clock = clock();
    connector = connector(options);
    server = connector.getServer();
    ConnectionWatch connections = new ConnectionWatch(options.readTimeout().toMillis());
    connector.addBean(connections);
    long look = Math.max(10, Math.min(1000, options.readTimeout().toMillis() / 4));
    every(look, connections::check);
    every(Math.max(1, Math.min(MAX_LATE, options.deadline().toMillis() / 4)), workers::refuseLate);
    server.addConnector(connector);
    server.addBean(new NetworkConnectionLimit(MAX_CONNECTIONS, connector));
    server.setHandler(
        new Api(
            options,
            versions,
            metrics,
            workers,
            clock,
            connections,
            inFlight,
            draining::get,
            failure -> log.accept(trace(failure))));
    server.setErrorHandler(ModelServer::error);
  }

  private static ScheduledThreadPoolExecutor clock() {
    ScheduledThreadPoolExecutor clock =
        new ScheduledThreadPoolExecutor(
            2,
            task -> {
              Thread thread = new Thread(task, "deepxray-clock");
              thread.setDaemon(true);
              return thread;
            });
    clock.setRemoveOnCancelPolicy(true);
    return clock;
  }

  private static ServerConnector connector(ServerOptions options) {
    QueuedThreadPool threads = new QueuedThreadPool(HTTP_THREADS);
    threads.setName("deepxray-http");
    // Daemon thread: the process ends unless a thread waits in join().
    threads.setDaemon(true);
    HttpConfiguration http = new HttpConfiguration();
    http.setSendServerVersion(false);
    http.setSendDateHeader(true);
    ServerConnector connector =
        new ServerConnector(new Server(threads), 1, 1, new HttpConnectionFactory(http));
    connector.setHost(options.host());
    connector.setPort(options.port());
    // Later than this server's own clock, which answers a slow client before it closes.
    connector.setIdleTimeout(2 * options.readTimeout().toMillis());
    return connector;
  }

  /**
   * Starts a server and loads the model.
   *
   * @param models a bundle, or a folder with a subfolder for each version, named by its number,
   *     with a bundle; the server polls it for new versions
   * @param options options of the server
   * @param log receives a line for each loaded or removed version and each failure; never about
   *     images
   * @throws DeepXrayException if the folder does not exist, the bundle is damaged, or no engine can
   *     run its model
   * @throws IOException if the port is in use or a file cannot be read
   */
  public static ModelServer start(Path models, ServerOptions options, Consumer<String> log)
      throws IOException {
    if (!Files.isDirectory(models)) {
      throw new DeepXrayException(
          models + " is no folder; give a bundle, or a folder of version numbers with bundles.");
    }
    refuseOtherFolder(models);
    options.engine().ifPresent(ModelServer::requireSupported);
    ModelServer started = new ModelServer(models, options, log);
    try {
      started.open();
      return started;
    } catch (IOException | RuntimeException | Error e) {
      started.close();
      throw e;
    }
  }

  private static void requireSupported(Artifact engine) {
    if (!engine.supported()) {
      throw new DeepXrayException(
          ("This program has no %s, which %s needs; serve with the deepxray command, or choose"
                  + " another engine.")
              .formatted(ModelFormats.library(engine.format()), engine.key()));
    }
  }

  /** Refuses a folder that is neither a bundle nor has versions, but other folders. */
  private static void refuseOtherFolder(Path models) throws IOException {
    if (Bundle.isBundle(models)) {
      return;
    }
    List<Path> folders;
    try (Stream<Path> list = Files.list(models)) {
      folders = list.filter(Files::isDirectory).filter(ModelServer::isMeant).sorted().toList();
    }
    if (!folders.isEmpty() && folders.stream().noneMatch(Versions::isVersion)) {
      throw new DeepXrayException(
          models
              + " is neither a bundle nor a folder of version numbers with bundles"
              + folders.stream()
                  .filter(Bundle::isBundle)
                  .findFirst()
                  .map(bundle -> "; there is a bundle in " + bundle + ": serve that one.")
                  .orElse("; give a bundle."));
    }
  }

  /** Whether a folder is neither hidden nor still being written. */
  private static boolean isMeant(Path folder) {
    String name = folder.getFileName().toString();
    return !name.startsWith(".")
        && !name.equals("lost+found")
        && !name.endsWith(AtomicFiles.SUFFIX);
  }

  private void open() throws IOException {
    // In parallel: loading the model takes as long as the rest of the start.
    Future<Void> loading =
        clock.submit(
            () -> {
              versions.refresh();
              return null;
            });
    listen();
    if (!options.loopback() && options.apiKey().isEmpty()) {
      log.accept(
          "warning: other machines may reach %s and there is no API key; see --api-key-file"
              .formatted(options.host()));
    }
    port = connector.getLocalPort();
    Workers.result(loading);
    if (versions.watched()) {
      if (!versions.ready()) {
        log.accept("no version can be served yet; waiting for one");
      }
      every(options.pollInterval().toMillis(), this::refresh);
    } else if (!versions.ready()) {
      throw new DeepXrayException(
          versions.statuses().get(0).error().orElse("The bundle cannot be served."));
    }
  }

  /** Starts to listen; until a model is loaded, the server is not ready. */
  private void listen() throws IOException {
    try {
      server.start();
    } catch (Exception e) {
      if (e instanceof BindException || e.getCause() instanceof BindException) {
        throw new DeepXrayException(
            ("%s:%s cannot be listened on: %s; stop what uses the port or choose another with"
                    + " --port.")
                .formatted(options.host(), options.port(), e.getMessage()),
            e);
      }
      throw new IOException("the server does not start: " + e.getMessage(), e);
    }
  }

  private void every(long milliseconds, Runnable task) {
    Runnable lasting =
        () -> {
          try {
            task.run();
          } catch (RuntimeException | Error e) {
            // A thrown exception would end the periodic task.
            log.accept(trace(e));
          }
        };
    periodic.add(
        clock.scheduleWithFixedDelay(lasting, milliseconds, milliseconds, TimeUnit.MILLISECONDS));
  }

  private void refresh() {
    try {
      versions.refresh();
    } catch (IOException e) {
      log.accept("new versions cannot be looked for: " + e);
    }
  }

  private static String trace(Throwable failure) {
    StringWriter text = new StringWriter();
    failure.printStackTrace(new PrintWriter(text));
    return text.toString();
  }

  /** Answers requests that do not reach the handlers, such as invalid HTTP. */
  private static boolean error(Request request, Response response, Callback callback) {
    Object code = request.getAttribute(ErrorHandler.ERROR_STATUS);
    int status = code instanceof Integer number ? number : 500;
    String reason = HttpStatus.getMessage(status);
    response.setStatus(status);
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, HttpExchange.JSON);
    response.write(true, ByteBuffer.wrap(Bodies.error(reason)), callback);
    return true;
  }

  /** Returns the URI of the server. */
  public URI uri() {
    String host = options.host().contains(":") ? "[" + options.host() + "]" : options.host();
    return URI.create("http://" + host + ":" + port());
  }

  /** Returns the port of the server. */
  public int port() {
    return port;
  }

  /** Whether a version is available and all workers are alive. */
  public boolean ready() {
    return versions.ready() && workers.alive() && !draining.get();
  }

  /** Returns the known versions and their states, such as {@code 2 AVAILABLE}. */
  public Map<Long, String> versions() {
    Map<Long, String> all = new TreeMap<>();
    versions.statuses().forEach(status -> all.put(status.number(), status.state().name()));
    return all;
  }

  /**
   * Waits until the server is closed.
   *
   * @throws InterruptedException if the thread is interrupted
   */
  public void join() throws InterruptedException {
    try {
      closed.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Stops listening, answers the requests in flight within {@link ServerOptions#drainTimeout()},
   * and frees all resources. Resources of a worker that is still busy then are freed when it
   * finishes. Further calls wait for the first.
   */
  @Override
  public void close() {
    if (!draining.compareAndSet(false, true)) {
      // Not interruptible: resources that the caller frees next may still be in use.
      closed.join();
      return;
    }
    try {
      drain();
      periodic.forEach(task -> task.cancel(false));
      workers.close();
      if (workers.running() > 0) {
        log.accept("closing although " + workers.running() + " of the workers are still busy");
      }
      stop();
      clock.shutdownNow();
    } finally {
      // Models are still freed only after the requests that retain them.
      versions.close();
      closed.complete(null);
    }
  }

  private void drain() {
    try {
      connector.close();
      inFlight.awaitAdvanceInterruptibly(
          inFlight.arriveAndDeregister(), options.drainTimeout().toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      log.accept("closing although requests are not answered yet");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void stop() {
    try {
      server.stop();
    } catch (Exception e) {
      log.accept("closing: " + e);
    }
  }
}
