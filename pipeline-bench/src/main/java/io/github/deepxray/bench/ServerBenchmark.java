package io.github.deepxray.bench;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.classify.Classifier;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.internal.concurrent.Workers;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.serve.ServerOptions;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Benchmark of the server on this machine: start time, throughput relative to a loop without HTTP,
 * latencies below and above its capacity, new versions under load, memory over many requests, and
 * batch sizes. Each answer is compared with the first answer for the image.
 */
public final class ServerBenchmark {
  private static final int VERSIONS = 3;
  private static final String NAME = "benchmark";

  private final Options options;
  private final Consumer<String> out;

  /**
   * Options of the benchmark.
   *
   * @param bundle folder of a bundle
   * @param artifact artifact to run
   * @param images JPEG files to send
   * @param workers number of workers of the server
   * @param requests number of requests of the memory measurement
   * @param seconds seconds of each other measurement
   * @param distribution folder of the small distribution, whose start time is measured
   * @param starts number of starts, whose median is printed
   * @param batches maximum batch sizes, one measurement for each
   * @param javaOptions JVM options of the server, separated by spaces
   */
  public record Options(
      Path bundle,
      Artifact artifact,
      List<byte[]> images,
      int workers,
      int requests,
      int seconds,
      Path distribution,
      int starts,
      List<Integer> batches,
      String javaOptions) {
    /** Copies the lists. */
    public Options {
      images = List.copyOf(images);
      batches = List.copyOf(batches);
    }
  }

  /**
   * Creates a benchmark.
   *
   * @param out receives the results, line by line
   */
  public ServerBenchmark(Options options, Consumer<String> out) {
    this.options = options;
    this.out = out;
  }

  /**
   * Runs the benchmark.
   *
   * @throws DeepXrayException if the bundle cannot be read, or the server does not start or answer
   * @throws IOException if something cannot be read or written
   * @throws InterruptedException if the thread is interrupted
   */
  public void run() throws IOException, InterruptedException {
    Bundle served = Bundle.open(options.bundle());
    print(
        "%s of %s, %d workers, %d images, Java %s",
        options.artifact().key(),
        options.bundle(),
        options.workers(),
        options.images().size(),
        System.getProperty("java.version"));
    double bare = bare(served);
    print("bare loop          %8.1f images/s, decoding and interpreter in this process", bare);
    startDistribution();
    Path versions = Files.createTempDirectory("deepxray-benchmark-serve");
    try {
      copy(options.bundle(), versions.resolve("1"));
      measure(versions, bare);
    } finally {
      AtomicFiles.deleteRecursively(versions);
    }
    for (Artifact form : Stream.of(options.artifact(), Artifact.SAVED_MODEL).distinct().toList()) {
      for (int batch : form.isIn(served) ? options.batches() : List.<Integer>of()) {
        batching(form, batch);
      }
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    // Copied next to the target and moved, so that the server never sees an incomplete folder.
    AtomicFiles.writeFolder(
        to,
        partial -> {
          try (Stream<Path> all = Files.walk(from)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
              Path copy = partial.resolve(from.relativize(file).toString());
              Files.createDirectories(copy.getParent());
              Files.copy(file, copy);
            }
          }
        });
  }

  /**
   * Returns images per second without HTTP: each thread decodes, resizes and runs its interpreter.
   */
  private double bare(Bundle served) throws IOException {
    AtomicLong done = new AtomicLong();
    AtomicLong from = new AtomicLong();
    AtomicLong to = new AtomicLong();
    long warm = TimeUnit.SECONDS.toNanos(Math.max(1, options.seconds() / 4));
    long length = TimeUnit.SECONDS.toNanos(options.seconds());
    long start = System.nanoTime();
    Workers.run(
        options.workers(),
        (worker, others) -> {
          try (Classifier classifier =
              Classifier.of(
                  options.artifact().load(served, 1),
                  served.rules(options.artifact()),
                  served.folder())) {
            int i = worker;
            for (long now = System.nanoTime();
                (now - start < warm + length || done.get() == 0) && !others.stopped();
                now = System.nanoTime()) {
              classifier.classify(
                  ImageCodec.decode(options.images().get(i % options.images().size()), "image"));
              if (now - start >= warm) {
                from.compareAndSet(0, now);
                done.incrementAndGet();
                to.accumulateAndGet(System.nanoTime(), Math::max);
              }
              i += options.workers();
            }
          }
        });
    return done.get() / ((to.get() - from.get()) / 1e9);
  }

  /** Prints the median of several starts of the small distribution. */
  private void startDistribution() throws IOException {
    Path program = options.distribution().resolve("bin/deepxray-serve");
    if (!Files.isExecutable(program) || options.artifact().equals(Artifact.SAVED_MODEL)) {
      print(
          "start to ready     not measured: %s",
          Files.isExecutable(program)
              ? options.artifact().key() + " needs TensorFlow"
              : "there is no " + program);
      return;
    }
    List<Double> times = new ArrayList<>();
    for (int i = 0; i < options.starts(); i++) {
      List<String> command =
          new ArrayList<>(List.of(program.toString(), options.bundle().toString()));
      command.addAll(arguments(options.artifact(), options.workers()));
      ProcessBuilder builder = new ProcessBuilder(command);
      builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
      builder.environment().put("DEEPXRAY_SERVE_OPTS", options.javaOptions());
      try (ServerProcess server = new ServerProcess(builder)) {
        times.add(server.secondsToReady());
      }
    }
    List<Double> sorted = times.stream().sorted().toList();
    double median = (sorted.get((options.starts() - 1) / 2) + sorted.get(options.starts() / 2)) / 2;
    print(
        "start to ready     %8.2f s, the median of %d starts of %s: %s",
        median,
        options.starts(),
        options.distribution(),
        times.stream()
            .map(time -> String.format(Locale.ROOT, "%.2f", time))
            .collect(Collectors.joining(", ")));
  }

  private void measure(Path versions, double bare) throws IOException, InterruptedException {
    List<String> arguments = arguments(options.artifact(), options.workers());
    try (ServerProcess server = new ServerProcess(fork(versions, arguments))) {
      print(
          "start to ready     %8.2f s with TensorFlow on the class path", server.secondsToReady());
      LoadGenerator load = new LoadGenerator(server.uri(), NAME, options.images());
      int connections = 2 * options.workers();
      load.closed(connections, (int) Math.max(200, bare * options.seconds() / 4));

      LoadGenerator.Result full = load.closed(connections, count(bare));
      print(
          "throughput         %8.1f images/s, %.3f of the bare loop, %d failed",
          full.perSecond(), full.perSecond() / bare, full.count() - full.accepted());

      if (full.accepted() == 0) {
        throw new DeepXrayException("The server answers nothing: " + full.codes() + ".");
      }

      atRates(load, full.perSecond());
      swap(server, versions, load, connections);
      soak(server, load, connections);
      print("SIGTERM to end     %8.2f s", server.end());
    }
  }

  /** Measures requests at random times, below and above the capacity of the server. */
  private void atRates(LoadGenerator load, double perSecond) {
    double rate = 0.7 * perSecond;
    LoadGenerator.Result some = load.open(16 * options.workers(), count(rate), rate, 1);
    print(
        "at 70 %%            p50 %.1f ms, p99 %.1f ms, ratio %.2f, codes %s",
        some.percentile(0.5),
        some.percentile(0.99),
        some.percentile(0.99) / some.percentile(0.5),
        some.codes());
    double flood = 4 * perSecond;
    LoadGenerator.Result over = load.open(64 * options.workers(), count(flood), flood, 2);
    print(
        "at 400 %%           %.1f accepted/s, p50 %.1f ms, p99 %.1f ms, %d failed, codes %s",
        over.perSecond(), over.percentile(0.5), over.percentile(0.99), over.failed(), over.codes());
    print(
        "                   longest accepted %.1f ms after it was sent; the queue and the workers"
            + " hold %.1f ms of work",
        over.longestServed(),
        1000 * (ServerOptions.QUEUE_PER_WORKER + 1) * options.workers() / over.perSecond());
  }

  private int count(double perSecond) {
    return (int) Math.max(100, perSecond * options.seconds());
  }

  private static List<String> arguments(Artifact form, int workers) {
    return List.of(
        "--port",
        "0",
        "--name",
        NAME,
        "--engine",
        form.key(),
        "--workers",
        Integer.toString(workers),
        "--poll",
        "0.2");
  }

  /** Returns a process of the server with the class path of this program. */
  private ProcessBuilder fork(Path models, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    Arrays.stream(options.javaOptions().split(" ")).filter(o -> !o.isEmpty()).forEach(command::add);
    command.addAll(
        List.of(
            "-Djava.awt.headless=true",
            "-cp",
            classPath(),
            io.github.deepxray.server.Main.class.getName(),
            models.toString()));
    command.addAll(arguments);
    return new ProcessBuilder(command);
  }

  /** Returns the class path of this program; under Maven, it is not that of the process. */
  private static String classPath() {
    if (Thread.currentThread().getContextClassLoader() instanceof URLClassLoader loader) {
      return Arrays.stream(loader.getURLs())
          .map(url -> Path.of(URI.create(url.toString())).toString())
          .collect(Collectors.joining(File.pathSeparator));
    }
    return System.getProperty("java.class.path");
  }

  /** Measures new versions, one after another, under continuous load. */
  private void swap(ServerProcess server, Path versions, LoadGenerator load, int connections)
      throws InterruptedException {
    AtomicInteger loaded = new AtomicInteger();
    AtomicBoolean written = new AtomicBoolean();
    long least = System.nanoTime() + TimeUnit.SECONDS.toNanos(options.seconds());
    Thread writer =
        new Thread(
            () -> {
              try {
                for (int version = 2; version <= 1 + VERSIONS; version++) {
                  copy(options.bundle(), versions.resolve(Integer.toString(version)));
                  if (!awaitAvailable(server.uri(), version)) {
                    break;
                  }
                  loaded.incrementAndGet();
                }
              } catch (IOException | InterruptedException e) {
                print("swap: %s", e);
              } finally {
                written.set(true);
              }
            },
            "versions");
    writer.start();
    LoadGenerator.Result result =
        load.closedUntil(connections, () -> written.get() && System.nanoTime() - least > 0);
    writer.join();
    print(
        "new versions       %d of %d came into use under load, %d requests, %d not answered with"
            + " the probability, codes %s",
        loaded.get(), VERSIONS, result.count(), result.count() - result.accepted(), result.codes());
  }

  /** Polls until a version is available or a time limit is reached. */
  private static boolean awaitAvailable(URI server, int version)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
    while (System.nanoTime() - end < 0) {
      for (JsonNode status : status(server)) {
        if (status.path("version").asInt() == version
            && status.path("state").asText().equals("AVAILABLE")) {
          return true;
        }
      }
      Thread.sleep(50);
    }
    return false;
  }

  private static JsonNode status(URI server) throws IOException {
    return Json.parse(get(server.resolve("/v1/models/" + NAME)), "the server's status")
        .path("model_version_status");
  }

  private static String get(URI uri) throws IOException {
    try (InputStream in = uri.toURL().openStream()) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** Measures the throughput for a maximum batch size. */
  private void batching(Artifact form, int batch) throws IOException {
    List<String> arguments = new ArrayList<>(arguments(form, options.workers()));
    arguments.addAll(List.of("--batch", Integer.toString(batch)));
    try (ServerProcess server = new ServerProcess(fork(options.bundle(), arguments))) {
      LoadGenerator load = new LoadGenerator(server.uri(), NAME, options.images());
      // Maximum load without refusals by the queue.
      int connections = ServerOptions.QUEUE_PER_WORKER * options.workers();
      long warm = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(250L * options.seconds());
      load.closedUntil(connections, () -> System.nanoTime() - warm > 0);
      double[] before = batches(server.uri());
      long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(500L * options.seconds());
      LoadGenerator.Result result =
          load.closedUntil(connections, () -> System.nanoTime() - end > 0);
      double[] after = batches(server.uri());
      print(
          "%-18s %8.1f images/s in batches up to %d, %.1f on average; p50 %.1f ms, p99 %.1f ms, %d"
              + " failed",
          form.key(),
          result.perSecond(),
          batch,
          (after[0] - before[0]) / (after[1] - before[1]),
          result.percentile(0.5),
          result.percentile(0.99),
          result.count() - result.accepted());
    }
  }

  /** Returns the numbers of processed images and batches. */
  private static double[] batches(URI server) throws IOException {
    String page = get(server.resolve("/monitoring/prometheus/metrics"));
    double[] values = new double[2];
    for (String line : page.lines().toList()) {
      if (line.startsWith("deepxray_batch_size_sum ")) {
        values[0] = Double.parseDouble(line.substring(line.indexOf(' ')));
      } else if (line.startsWith("deepxray_batch_size_count ")) {
        values[1] = Double.parseDouble(line.substring(line.indexOf(' ')));
      }
    }
    return values;
  }

  private void soak(ServerProcess server, LoadGenerator load, int connections) {
    int parts = 20;
    List<Double> memory = new ArrayList<>();
    int failed = 0;
    int done = 0;
    for (int part = 0; part < parts; part++) {
      int count = options.requests() * (part + 1) / parts - options.requests() * part / parts;
      LoadGenerator.Result result = load.closed(connections, count);
      failed += count - result.accepted();
      done += count;
      memory.add(server.residentMiB());
    }
    print("%-18s %8d requests, %d not answered with the probability", "soak", done, failed);
    print(
        "resident memory    %.0f MiB at first, %.0f at the end, slope over the second half %.2f MiB"
            + " a 10,000 requests",
        memory.get(0),
        memory.get(parts - 1),
        slope(memory, parts / 2) * 10_000.0 * parts / options.requests());
  }

  /** Returns the slope of the least-squares line through the values from an index on. */
  private static double slope(List<Double> values, int from) {
    int n = values.size() - from;
    double meanX = from + (n - 1) / 2.0;
    double meanY =
        values.subList(from, values.size()).stream().mapToDouble(v -> v).average().orElse(0);
    double xy = 0;
    double xx = 0;
    for (int x = from; x < values.size(); x++) {
      xy += (x - meanX) * (values.get(x) - meanY);
      xx += (x - meanX) * (x - meanX);
    }
    return xy / xx;
  }

  private void print(String format, Object... arguments) {
    out.accept(String.format(Locale.ROOT, format, arguments));
  }
}
