package io.github.deepxray.cli;

import io.github.deepxray.bench.EmbeddingBenchmark;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.pipeline.BackboneSpec;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command {@code benchmark}. */
@Command(
    name = "benchmark",
    description = {
      "Measures the speed of computing embeddings on this machine.",
      "",
      "For each engine, in turns: a loop of inferences only, and the whole "
          + "extraction with reading, decoding and storing. Reads <out>/data and writes no "
          + "files.",
      ""
    },
    footer = {"", "Example: deepxray benchmark --weights efficientnetb0_notop.h5 --out work"},
    sortOptions = false)
final class BenchmarkCommand implements Callable<Integer> {
  @Mixin private CommonOptions common;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "<dir>",
      description = "Output folder of the data command.")
  private Path out;

  @Mixin private BackboneOptions backbone;

  @Option(
      names = "--rounds",
      defaultValue = "3",
      paramLabel = "<n>",
      description =
          "Number of measurements of each; the median is printed. Default: " + "${DEFAULT-VALUE}.")
  private int rounds;

  @Mixin private ThreadsOption threads;

  @Override
  public Integer call() throws Exception {
    if (rounds < 1) {
      throw Usage.wrong(common, "--rounds must be 1 or more, not " + rounds + ".");
    }
    BackboneSpec network = Usage.check(common, backbone::spec);
    PreparedDataset dataset = PreparedDataset.open(out.resolve("data"));
    Model model = network.load(common.console()).model();
    new EmbeddingBenchmark(model, threads.cores(), rounds)
        .run(dataset, line -> common.print(line + "\n"));
    return 0;
  }
}
