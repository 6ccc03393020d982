package io.github.deepxray.cli;

import io.github.deepxray.bench.ServerBenchmark;
import io.github.deepxray.classify.Artifact;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.datasets.Slice;
import io.github.deepxray.datasets.phantom.Phantom;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The command {@code benchmark-serve}. */
@Command(
    name = "benchmark-serve",
    description = {
      "Measures the speed of the server on this machine over the loopback interface.",
      "",
      "Measured in turns: a loop of decoding and inference without HTTP; start "
          + "times; maximum throughput; 70 %% and 400 %% of it with random arrival times; "
          + "new model versions under load; memory over many requests; and batch sizes "
          + "under the same load. Each answer is compared with the first answer for the "
          + "image.",
      ""
    },
    footer = {"", "Example: deepxray benchmark-serve work/bundle --engine int8"},
    sortOptions = false)
final class BenchmarkServeCommand implements Callable<Integer> {
  private static final int PHANTOMS = 64;
  private static final int PHANTOM_SIZE = 224;
  private static final int JPEG_QUALITY = 95;

  @Mixin private CommonOptions common;

  @Parameters(index = "0", paramLabel = "<bundle>", description = "A bundle.")
  private Path bundle;

  @Option(
      names = "--images",
      paramLabel = "<dir>",
      description = "Folder of JPEG files to send. Default: phantoms of 224 x 224 pixels.")
  private Optional<Path> images;

  @Option(
      names = "--engine",
      defaultValue = "int8",
      paramLabel = "<form>",
      description = "Model of the bundle to run, as for serve. Default: ${DEFAULT-VALUE}.")
  private String engine;

  @Mixin private ThreadsOption threads;

  @Option(
      names = "--requests",
      defaultValue = "100000",
      paramLabel = "<n>",
      description = "Number of requests of the memory measurement. Default: ${DEFAULT-VALUE}.")
  private int requests;

  @Option(
      names = "--seconds",
      defaultValue = "20",
      paramLabel = "<s>",
      description = "Seconds of each other measurement. Default: ${DEFAULT-VALUE}.")
  private int seconds;

  @Option(
      names = "--distribution",
      defaultValue = "pipeline-server/target/deepxray-serve",
      paramLabel = "<dir>",
      description = "Small distribution whose start time is measured. Default: ${DEFAULT-VALUE}.")
  private Path distribution;

  @Option(
      names = "--starts",
      defaultValue = "5",
      paramLabel = "<n>",
      description = "Number of starts; the median is printed. Default: ${DEFAULT-VALUE}.")
  private int starts;

  @Option(
      names = "--batches",
      defaultValue = "1,4,16",
      split = ",",
      paramLabel = "<n>",
      description = "Maximum batch sizes to measure. Default: ${DEFAULT-VALUE}.")
  private List<Integer> batches;

  @Option(
      names = "--java-options",
      defaultValue = "",
      paramLabel = "<options>",
      description = "JVM options of the server, in one argument. Default: none.")
  private String javaOptions;

  @Override
  public Integer call() throws Exception {
    if (Math.min(Math.min(requests, seconds), Math.min(starts, Collections.min(batches))) < 1) {
      throw Usage.wrong(common, "--requests, --seconds, --starts and --batches must be 1 or more.");
    }
    Artifact artifact = Usage.check(common, () -> Artifact.of(engine));
    new ServerBenchmark(
            new ServerBenchmark.Options(
                bundle,
                artifact,
                images(),
                threads.cores(),
                requests,
                seconds,
                distribution,
                starts,
                batches,
                javaOptions),
            line -> common.print(line + "\n"))
        .run();
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
}
