package io.github.deepxray.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.classify.Classifier;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.concurrent.Workers;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.io.AtomicFiles;
import io.github.deepxray.core.io.Json;
import io.github.deepxray.datasets.Slice;
import io.github.deepxray.datasets.phantom.Phantom;
import io.github.deepxray.serve.ServerOptions;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** Measures the server on this machine. */
@Command(
    name = "benchmark-serve",
    description = {
      "Measures the server on this machine: starts one, sends it images over loopback, compares.",
      "",
      "In turns: the bare loop that decodes and runs the same interpreters without HTTP; several"
          + " starts; as many requests as the server answers; 70 %% and 400 %% of that at random"
          + " times; new versions under load; many requests while the server's memory is watched;"
          + " and the same load with images run one by one and together. Every answer is compared"
          + " with the first one for the image.",
      ""
    },
    footer = {"", "Example: deepxray benchmark-serve work/bundle --engine int8"},
    sortOptions = false)
final class BenchmarkServeCommand implements Callable<Integer> {
  private static final int PHANTOMS = 64;
  private static final int PHANTOM_SIZE = 224;
  private static final int JPEG_QUALITY = 95;
  private static final int VERSIONS = 3;
  private static final String NAME = "benchmark";
  private static final Pattern READY = Pattern.compile("^Ready: (http://\\S+?:\\d+)/");

  @Mixin private CommonOptions common;

  @Parameters(index = "0", paramLabel = "<bundle>", description = "A bundle.")
  private Path bundle;

  @Option(
      names = "--images",
      paramLabel = "<dir>",
      description = "A folder of JPEG files to send. Default: phantoms of 224 x 224 pixels.")
  private Optional<Path> images;

  @Option(
      names = "--engine",
      defaultValue = "int8",
      paramLabel = "<form>",
      description = "Which model of the bundle to run, as for serve. Default: ${DEFAULT-VALUE}.")
  private String engine;

  @Mixin private ThreadsOption threads;

  @Option(
      names = "--requests",
      defaultValue = "100000",
      paramLabel = "<n>",
      description = "How many requests to watch the memory over. Default: ${DEFAULT-VALUE}.")
  private int requests;

  @Option(
      names = "--seconds",
      defaultValue = "20",
      paramLabel = "<s>",
      description = "How long each of the other measurements takes. Default: ${DEFAULT-VALUE}.")
  private int seconds;

  @Option(
      names = "--distribution",
      defaultValue = "pipeline-server/target/deepxray-serve",
      paramLabel = "<dir>",
      description = "The small distribution, whose start is measured. Default: ${DEFAULT-VALUE}.")
  private Path distribution;

  @Option(
      names = "--starts",
      defaultValue = "5",
      paramLabel = "<n>",
      description = "How many starts to take the median of. Default: ${DEFAULT-VALUE}.")
  private int starts;

  @Option(
      names = "--batches",
      defaultValue = "1,4,16",
      split = ",",
      paramLabel = "<n>",
      description = "How many images to run together at most. Default: ${DEFAULT-VALUE}.")
  private List<Integer> batches;

  @Option(
      names = "--java-options",
      defaultValue = "",
      paramLabel = "<options>",
      description = "Options for the server's Java, in one argument. Default: none.")
  private String javaOptions;

  @Override
  public Integer call() throws Exception {
    if (Math.min(Math.min(requests, seconds), Math.min(starts, Collections.min(batches))) < 1) {
      throw new ParameterException(
          common.command().commandLine(),
          "--requests, --seconds, --starts and --batches must be 1 or more.");
    }
    Artifact artifact = Usage.check(common, () -> Artifact.of(engine));
    Bundle served = Bundle.open(bundle);
    List<byte[]> files = images();
    int workers = threads.cores();
    print(
        "%s of %s, %d workers, %d images, Java %s",
        artifact.key(), bundle, workers, files.size(), System.getProperty("java.version"));
    double bare = bare(served, artifact, files, workers);
    print("bare loop          %8.1f images/s, decoding and interpreter in this process", bare);
    startDistribution(artifact, workers);
    Path versions = Files.createTempDirectory("deepxray-benchmark-serve");
    try {
      copy(bundle, versions.resolve("1"));
      measure(versions, files, workers, bare);
    } finally {
      AtomicFiles.deleteRecursively(versions);
    }
    for (Artifact form : Stream.of(artifact, Artifact.SAVED_MODEL).distinct().toList()) {
      for (int batch : form.isIn(served) ? batches : List.<Integer>of()) {
        batching(form, batch, files, workers);
      }
    }
    return 0;
  }

  private List<byte[]> images() throws IOException {
    List<byte[]> files = new ArrayList<>();
    if (images.isEmpty()) {
      for (int i = 0; i < PHANTOMS; i++) {
        Slice slice = i % 2 == 0 ? Slice.NORMAL : Slice.BACTERIAL;
        files.add(ImageCodec.encodeJpeg(Phantom.draw(slice, 7, i, 1, PHANTOM_SIZE), JPEG_QUALITY));
      }
      return files;
    }
    try (Stream<Path> found = Files.walk(images.get())) {
      for (Path file :
          found
              .filter(path -> path.toString().toLowerCase(Locale.ROOT).matches(".*\\.jpe?g"))
              .sorted()
              .limit(PHANTOMS)
              .toList()) {
        files.add(Files.readAllBytes(file));
      }
    }
    if (files.isEmpty()) {
      throw new DeepXrayException("There are no JPEG files in " + images.get() + ".");
    }
    return files;
  }

  private static void copy(Path from, Path to) throws IOException {
    // Beside the target first, so that the server never sees half of it.
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

  /** Images a second without HTTP: each thread decodes, resizes and runs its own interpreter. */
  private double bare(Bundle served, Artifact artifact, List<byte[]> files, int workers)
      throws IOException {
    AtomicLong done = new AtomicLong();
    AtomicLong from = new AtomicLong();
    AtomicLong to = new AtomicLong();
    long warm = TimeUnit.SECONDS.toNanos(Math.max(1, seconds / 4));
    long length = TimeUnit.SECONDS.toNanos(seconds);
    long start = System.nanoTime();
    Workers.run(
        workers,
        (worker, others) -> {
          try (Classifier classifier =
              Classifier.of(
                  artifact.load(served, 1),
                  served.labels(),
                  served.decision(artifact),
                  served.folder())) {
            int i = worker;
            for (long now = System.nanoTime();
                (now - start < warm + length || done.get() == 0) && !others.stopped();
                now = System.nanoTime()) {
              classifier.classify(ImageCodec.decode(files.get(i % files.size()), "image"));
              if (now - start >= warm) {
                from.compareAndSet(0, now);
                done.incrementAndGet();
                to.accumulateAndGet(System.nanoTime(), Math::max);
              }
              i += workers;
            }
          }
        });
    return done.get() / ((to.get() - from.get()) / 1e9);
  }

  /** The median of several starts of the small distribution. */
  private void startDistribution(Artifact artifact, int workers) throws IOException {
    Path program = distribution.resolve("bin/deepxray-serve");
    if (!Files.isExecutable(program) || artifact == Artifact.SAVED_MODEL) {
      print(
          "start to ready     not measured: %s",
          Files.isExecutable(program)
              ? artifact.key() + " needs TensorFlow"
              : "there is no " + program);
      return;
    }
    List<Double> times = new ArrayList<>();
    for (int i = 0; i < starts; i++) {
      List<String> command = new ArrayList<>(List.of(program.toString(), bundle.toString()));
      command.addAll(arguments(artifact, workers));
      ProcessBuilder builder = new ProcessBuilder(command);
      builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
      builder.environment().put("DEEPXRAY_SERVE_OPTS", javaOptions);
      try (Server server = new Server(builder)) {
        times.add(server.ready);
      }
    }
    List<Double> sorted = times.stream().sorted().toList();
    double median = (sorted.get((starts - 1) / 2) + sorted.get(starts / 2)) / 2;
    print(
        "start to ready     %8.2f s (bar: under 2), the median of %d starts of %s: %s",
        median,
        starts,
        distribution,
        times.stream()
            .map(time -> String.format(Locale.ROOT, "%.2f", time))
            .collect(Collectors.joining(", ")));
  }

  /** A server in a process of its own. */
  private static final class Server implements AutoCloseable {
    private final Process process;
    private final BufferedReader out;
    private final URI uri;

    /** From the start of the process to the line that says so, in seconds. */
    private final double ready;

    Server(ProcessBuilder builder) throws IOException {
      long start = System.nanoTime();
      process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
      out =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
      String line = out.readLine();
      ready = (System.nanoTime() - start) / 1e9;
      Matcher matcher = READY.matcher(line == null ? "" : line);
      if (!matcher.find()) {
        close();
        throw new DeepXrayException("The server does not start; see its message above.");
      }
      uri = URI.create(matcher.group(1));
    }

    /** Has it end as a service manager does; the seconds that takes. */
    double end() {
      long start = System.nanoTime();
      process.destroy();
      try {
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
          process.destroyForcibly();
        }
      } catch (InterruptedException e) {
        process.destroyForcibly();
        Thread.currentThread().interrupt();
      }
      return (System.nanoTime() - start) / 1e9;
    }

    @Override
    public void close() throws IOException {
      end();
      out.close();
    }
  }

  private void measure(Path versions, List<byte[]> files, int workers, double bare)
      throws IOException, InterruptedException {
    List<String> arguments = arguments(Artifact.of(engine), workers);
    try (Server server = new Server(fork(versions, arguments))) {
      print("start to ready     %8.2f s with TensorFlow on the class path", server.ready);
      LoadGenerator load = new LoadGenerator(server.uri, NAME, files);
      int connections = 2 * workers;
      load.closed(connections, (int) Math.max(200, bare * seconds / 4));

      LoadGenerator.Result full = load.closed(connections, count(bare));
      print(
          "throughput         %8.1f images/s, %.3f of the bare loop (bar: 0.85), %d failed",
          full.perSecond(), full.perSecond() / bare, full.count() - full.accepted());

      if (full.accepted() == 0) {
        throw new DeepXrayException("The server answers nothing: " + full.codes() + ".");
      }

      double rate = 0.7 * full.perSecond();
      LoadGenerator.Result some = load.open(16 * workers, count(rate), rate, 1);
      print(
          "at 70 %%            p50 %.1f ms, p99 %.1f ms, ratio %.2f (bar: under 5), codes %s",
          some.percentile(0.5),
          some.percentile(0.99),
          some.percentile(0.99) / some.percentile(0.5),
          some.codes());

      double flood = 4 * full.perSecond();
      LoadGenerator.Result over = load.open(64 * workers, count(flood), flood, 2);
      print(
          "at 400 %%           %.1f accepted/s, p50 %.1f ms, p99 %.1f ms, %d failed (bar: 0), codes"
              + " %s",
          over.perSecond(),
          over.percentile(0.5),
          over.percentile(0.99),
          over.failed(),
          over.codes());
      print(
          "                   longest accepted %.1f ms after it was sent; the queue and the workers"
              + " hold %.1f ms of work",
          over.longestServed(),
          1000 * (ServerOptions.QUEUE_PER_WORKER + 1) * workers / over.perSecond());

      swap(server, versions, load, connections);
      soak(server.process, load, connections);
      print("SIGTERM to end     %8.2f s", server.end());
    }
  }

  private int count(double perSecond) {
    return (int) Math.max(100, perSecond * seconds);
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

  /** Runs the server on the class path of this program. */
  private ProcessBuilder fork(Path models, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    Arrays.stream(javaOptions.split(" ")).filter(o -> !o.isEmpty()).forEach(command::add);
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

  /** Maven runs programs in its own process, whose class path is Maven's. */
  private static String classPath() {
    if (Thread.currentThread().getContextClassLoader() instanceof URLClassLoader loader) {
      return Arrays.stream(loader.getURLs())
          .map(url -> Path.of(URI.create(url.toString())).toString())
          .collect(Collectors.joining(File.pathSeparator));
    }
    return System.getProperty("java.class.path");
  }

  /** New versions, one after the other, while requests come without a break. */
  private void swap(Server server, Path versions, LoadGenerator load, int connections)
      throws InterruptedException {
    AtomicInteger loaded = new AtomicInteger();
    AtomicBoolean written = new AtomicBoolean();
    long least = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    Thread writer =
        new Thread(
            () -> {
              try {
                for (int version = 2; version <= 1 + VERSIONS; version++) {
                  copy(bundle, versions.resolve(Integer.toString(version)));
                  if (!awaitAvailable(server.uri, version)) {
                    break;
                  }
                  loaded.incrementAndGet();
                }
              } catch (IOException | InterruptedException e) {
                common.command().commandLine().getErr().println("swap: " + e);
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
            + " the probability (bar: 0), codes %s",
        loaded.get(), VERSIONS, result.count(), result.count() - result.accepted(), result.codes());
  }

  /** Asks until a version takes traffic, or for too long. */
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

  /** How much it does when up to so many images are run together. */
  private void batching(Artifact form, int batch, List<byte[]> files, int workers)
      throws IOException {
    List<String> arguments = new ArrayList<>(arguments(form, workers));
    arguments.addAll(List.of("--batch", Integer.toString(batch)));
    try (Server server = new Server(fork(bundle, arguments))) {
      LoadGenerator load = new LoadGenerator(server.uri, NAME, files);
      // As many as the queue takes without a refusal.
      int connections = ServerOptions.QUEUE_PER_WORKER * workers;
      long warm = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(250L * seconds);
      load.closedUntil(connections, () -> System.nanoTime() - warm > 0);
      double[] before = batches(server.uri);
      long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(500L * seconds);
      LoadGenerator.Result result =
          load.closedUntil(connections, () -> System.nanoTime() - end > 0);
      double[] after = batches(server.uri);
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

  /** How many images were run so far, and in how many batches. */
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

  private void soak(Process process, LoadGenerator load, int connections) {
    int parts = 20;
    List<Double> memory = new ArrayList<>();
    int failed = 0;
    int done = 0;
    for (int part = 0; part < parts; part++) {
      int count = requests * (part + 1) / parts - requests * part / parts;
      LoadGenerator.Result result = load.closed(connections, count);
      failed += count - result.accepted();
      done += count;
      memory.add(residentMiB(process.pid()));
    }
    print(
        "%-18s %8d requests, %d not answered with the probability (bar: 0)", "soak", done, failed);
    print(
        "resident memory    %.0f MiB at first, %.0f at the end, slope over the second half %.2f MiB"
            + " a 10,000 requests",
        memory.get(0),
        memory.get(parts - 1),
        slope(memory, parts / 2) * 10_000.0 * parts / requests);
  }

  /** The slope of the line through the values from an index on, by least squares. */
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

  /** What Linux says of a process; NaN elsewhere. */
  private static double residentMiB(long pid) {
    try {
      for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid), "status"))) {
        if (line.startsWith("VmRSS:")) {
          return Double.parseDouble(line.replaceAll("\\D", "")) / 1024;
        }
      }
    } catch (IOException e) {
      return Double.NaN;
    }
    return Double.NaN;
  }

  private void print(String format, Object... arguments) {
    common.print(String.format(Locale.ROOT, format, arguments) + "\n");
  }
}
