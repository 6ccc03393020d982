package io.github.deepxray.cli;

import io.github.deepxray.core.concurrent.Workers;
import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.engine.Engines;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.io.AtomicFiles;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.optimize.Passes;
import io.github.deepxray.pipeline.BackboneSpec;
import io.github.deepxray.train.embedding.EmbeddingExtractor;
import io.github.deepxray.train.stage.Context;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Measures this machine. */
@Command(
    name = "benchmark",
    description = {
      "Measures how fast embeddings are computed on this machine.",
      "",
      "For each engine, in turns: the bare loop that only invokes the network, and the whole"
          + " extraction with reading, decoding and storing. Reads <out>/data, keeps nothing.",
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
      description = "A folder in which the data command wrote data.")
  private Path out;

  @Mixin private BackboneOptions backbone;

  @Option(
      names = "--rounds",
      defaultValue = "3",
      paramLabel = "<n>",
      description = "How often each is measured; the median counts. Default: ${DEFAULT-VALUE}.")
  private int rounds;

  @Mixin private ThreadsOption threads;

  @Override
  public Integer call() throws Exception {
    if (rounds < 1) {
      throw new ParameterException(
          common.command().commandLine(), "--rounds must be 1 or more, not " + rounds + ".");
    }
    BackboneSpec network = Usage.check(common, backbone::spec);
    int cores = threads.cores();
    PreparedDataset dataset = PreparedDataset.open(out.resolve("data"));
    Model model = network.load(common.console()).model();
    common.print(
        String.format(
            Locale.ROOT,
            "%s on %s %s, Java %s, %d cores used; %d images of the test split, median of %d%n",
            model.network().name(),
            System.getProperty("os.name"),
            System.getProperty("os.arch"),
            System.getProperty("java.version"),
            cores,
            dataset.images(Split.TEST),
            rounds));
    List<String> names = Engines.names();
    double[][] bare = new double[names.size()][rounds];
    double[][] whole = new double[names.size()][rounds];
    for (int round = 0; round < rounds; round++) {
      for (int e = 0; e < names.size(); e++) {
        EngineFactory engines = Engines.named(names.get(e));
        bare[e][round] = bare(engines, model, cores, dataset.images(Split.TEST));
        whole[e][round] = extraction(engines, model, cores, dataset);
      }
    }
    for (int e = 0; e < names.size(); e++) {
      common.print(
          String.format(
              Locale.ROOT,
              "%-11s invoke loop %5.0f images/s, whole extraction %5.0f images/s, ratio %.2f%n",
              names.get(e),
              median(bare[e]),
              median(whole[e]),
              median(whole[e]) / median(bare[e])));
    }
    common.print(
        String.format(
            Locale.ROOT,
            "%s is %.2f times as fast as %s%n",
            names.get(0),
            median(whole[0]) / median(whole[1]),
            names.get(1)));
    return 0;
  }

  private static double bare(EngineFactory engines, Model model, int cores, int images)
      throws IOException {
    Model folded = Passes.forInference().apply(model);
    int workers = engines.parallelEngines(cores);
    List<InferenceEngine> loaded = new ArrayList<>();
    try {
      for (int w = 0; w < workers; w++) {
        loaded.add(engines.create(folded, Math.max(1, cores / workers)));
      }
      int batch = loaded.get(0).preferredBatch();
      float[] input = new float[batch * folded.network().size(folded.network().input())];
      Arrays.fill(input, 100);
      int calls = Math.max(1, images / workers / batch);
      long start = System.nanoTime();
      Workers.run(
          workers,
          (worker, all) -> {
            for (int i = 0; i < calls && !all.stopped(); i++) {
              loaded.get(worker).run(input, batch);
            }
          });
      return (double) calls * batch * workers / ((System.nanoTime() - start) / 1e9);
    } finally {
      loaded.forEach(InferenceEngine::close);
    }
  }

  private static double extraction(
      EngineFactory engines, Model model, int cores, PreparedDataset dataset) throws Exception {
    Path cache = Files.createTempDirectory("deepxray-benchmark");
    try {
      return new EmbeddingExtractor(model, Context.of(engines, cache).withCores(cores))
          .extract(dataset, Split.TEST, 1)
          .vectorsPerSecond();
    } finally {
      AtomicFiles.deleteRecursively(cache);
    }
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
