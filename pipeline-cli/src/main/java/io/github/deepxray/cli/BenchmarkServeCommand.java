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
