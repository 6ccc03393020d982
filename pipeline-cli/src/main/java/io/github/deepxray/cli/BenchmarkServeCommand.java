package io.github.deepxray.cli;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.bundle.Artifact;
import io.github.deepxray.core.bundle.Bundle;
import io.github.deepxray.core.bundle.ImageClassifier;
import io.github.deepxray.core.concurrent.Workers;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.io.AtomicFiles;
import io.github.deepxray.datasets.Slice;
import io.github.deepxray.datasets.phantom.Phantom;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
      "In turns: the bare loop that decodes and runs the same interpreters without HTTP; as many"
          + " requests as the server answers; 70 % and 400 % of that at random times; a new version"
          + " under load; and many requests while the server's memory is watched. Every answer is"
          + " compared with the first one for the image.",
      ""
    },
    footer = {"", "Example: deepxray benchmark-serve work/bundle --engine int8"},
    sortOptions = false)
final class BenchmarkServeCommand implements Callable<Integer> {
  private static final int PHANTOMS = 64;
  private static final int PHANTOM_SIZE = 224;
  private static final int JPEG_QUALITY = 95;
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
      names = "--java-options",
      defaultValue = "",
      paramLabel = "<options>",
      description = "Options for the server's Java, in one argument. Default: none.")
  private String javaOptions;

  @Override
  public Integer call() throws Exception {
    if (requests < 1 || seconds < 1) {
      throw new ParameterException(
          common.command().commandLine(),
          "--requests and --seconds must be 1 or more, not " + requests + " and " + seconds + ".");
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
    Path versions = Files.createTempDirectory("deepxray-benchmark-serve");
    try {
      copy(bundle, versions.resolve("1"));
      measure(versions, files, workers, bare);
    } finally {
      AtomicFiles.deleteRecursively(versions);
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
          try (ImageClassifier classifier =
              ImageClassifier.of(
                  artifact.load(served, 1),
                  served.labels(),
                  served.threshold(artifact),
                  served.folder())) {
            int i = worker;
            for (long now = System.nanoTime();
                now - start < warm + length && !others.stopped();
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

  private void measure(Path versions, List<byte[]> files, int workers, double bare)
      throws Exception {
    long start = System.nanoTime();
    Process process = start(versions, workers);
    try (BufferedReader out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      String line = out.readLine();
      double ready = (System.nanoTime() - start) / 1e9;
      Matcher uri = READY.matcher(line == null ? "" : line);
      if (!uri.find()) {
        throw new DeepXrayException("The server does not start; see its message above.");
      }
      print("start to ready     %8.2f s (bar: under 2)", ready);
      LoadGenerator load = new LoadGenerator(URI.create(uri.group(1)), NAME, files);
      int connections = 2 * workers;
      load.closed(connections, (int) Math.max(200, bare * seconds / 4));

      LoadGenerator.Result full = load.closed(connections, count(bare));
      print(
          "throughput         %8.1f images/s, %.3f of the bare loop (bar: 0.85), %d failed",
          full.perSecond(), full.perSecond() / bare, full.failed());

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
          "at 400 %%           %.1f accepted/s, p50 %.1f ms, p99 %.1f ms, %d failed (bar: 0), codes %s",
          over.perSecond(),
          over.percentile(0.5),
          over.percentile(0.99),
          over.failed(),
          over.codes());

      swap(versions, load, connections, bare);
      soak(process, load, connections);
    } finally {
      long end = System.nanoTime();
      process.destroy();
      if (!process.waitFor(60, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
      print("SIGTERM to end     %8.2f s", (System.nanoTime() - end) / 1e9);
    }
  }

  private int count(double perSecond) {
    return (int) Math.max(100, perSecond * seconds);
  }

  private Process start(Path versions, int workers) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    Arrays.stream(javaOptions.split(" ")).filter(o -> !o.isEmpty()).forEach(command::add);
    command.addAll(
        List.of(
            "-Djava.awt.headless=true",
            "-cp",
            System.getProperty("java.class.path"),
            io.github.deepxray.serve.command.Main.class.getName(),
            versions.toString(),
            "--port",
            "0",
            "--name",
            NAME,
            "--engine",
            engine,
            "--workers",
            Integer.toString(workers),
            "--poll",
            "0.2"));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  private void swap(Path versions, LoadGenerator load, int connections, double bare)
      throws Exception {
    AtomicBoolean copied = new AtomicBoolean();
    Thread writer =
        new Thread(
            () -> {
              try {
                for (int version = 2; version <= 4; version++) {
                  Thread.sleep(seconds * 200L);
                  copy(bundle, versions.resolve(Integer.toString(version)));
                }
                copied.set(true);
              } catch (IOException | InterruptedException e) {
                common.command().commandLine().getErr().println("swap: " + e);
              }
            },
            "versions");
    writer.start();
    LoadGenerator.Result result = load.closed(connections, count(bare));
    writer.join();
    print(
        "3 new versions     %d requests, %d failed (bar: 0), codes %s%s",
        result.codes().values().stream().mapToInt(Integer::intValue).sum(),
        result.failed(),
        result.codes(),
        copied.get() ? "" : ", not all versions were written");
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
        "resident memory    %.0f MiB at first, %.0f at the end, slope over the second half %.2f MiB a"
            + " 10,000 requests",
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
