package io.github.deepxray.bench;

import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.engine.Engines;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.internal.concurrent.Workers;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.optimize.internal.Passes;
import io.github.deepxray.train.internal.embedding.EmbeddingExtractor;
import io.github.deepxray.train.internal.embedding.View;
import io.github.deepxray.train.stage.Context;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Benchmark of the embeddings of each engine on the class path on this machine, in alternating
 * turns: a loop of inferences only, and the whole extraction with reading, decoding and storing.
 *
 * @param model the backbone
 * @param cores number of processor cores to use
 * @param rounds number of measurements, whose median is printed
 */
public record EmbeddingBenchmark(Model model, int cores, int rounds) {
  /** Images per second of an engine in each round. */
  private record Speeds(List<Double> bare, List<Double> whole) {}

  /**
   * Measures on the test split of a data set.
   *
   * @param out receives the results, line by line
   * @throws IOException if the images cannot be read
   */
  public void run(PreparedDataset dataset, Consumer<String> out) throws IOException {
    int images = dataset.images(Split.TEST);
    print(
        out,
        "%s on %s %s, Java %s, %d cores used; %d images of the test split, median of %d",
        model.network().name(),
        System.getProperty("os.name"),
        System.getProperty("os.arch"),
        System.getProperty("java.version"),
        cores,
        images,
        rounds);
    Map<String, Speeds> speeds = new LinkedHashMap<>();
    Engines.names()
        .forEach(name -> speeds.put(name, new Speeds(new ArrayList<>(), new ArrayList<>())));
    for (int round = 0; round < rounds; round++) {
      for (Map.Entry<String, Speeds> engine : speeds.entrySet()) {
        EngineFactory engines = Engines.named(engine.getKey());
        engine.getValue().bare.add(bare(engines, images));
        engine.getValue().whole.add(extraction(engines, dataset));
      }
    }
    print(speeds, out);
  }

  private static void print(Map<String, Speeds> speeds, Consumer<String> out) {
    speeds.forEach(
        (name, measured) ->
            print(
                out,
                "%-11s invoke loop %5.0f images/s, whole extraction %5.0f images/s, ratio %.2f",
                name,
                median(measured.bare),
                median(measured.whole),
                median(measured.whole) / median(measured.bare)));
    double fastest = median(speeds.get(Engines.DEFAULT).whole);
    speeds.forEach(
        (name, measured) -> {
          if (!name.equals(Engines.DEFAULT)) {
            print(
                out,
                "%s is %.2f times as fast as %s",
                Engines.DEFAULT,
                fastest / median(measured.whole),
                name);
          }
        });
  }

  private static void print(Consumer<String> out, String format, Object... arguments) {
    out.accept(String.format(Locale.ROOT, format, arguments));
  }

  private double bare(EngineFactory engines, int images) throws IOException {
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

  private double extraction(EngineFactory engines, PreparedDataset dataset) throws IOException {
    Path cache = Files.createTempDirectory("deepxray-benchmark");
    try {
      return new EmbeddingExtractor(model, Context.of(engines, cache).withCores(cores))
          .extract(dataset, Split.TEST, List.of(View.IDENTITY))
          .vectorsPerSecond();
    } finally {
      AtomicFiles.deleteRecursively(cache);
    }
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().toList().get(values.size() / 2);
  }
}
