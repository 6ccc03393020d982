package io.github.deepxray.train.embedding;

import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.image.Resizer;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.datasets.XrayReader;
import io.github.deepxray.datasets.XrayRecord;
import io.github.deepxray.optimize.Passes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;

/**
 * Sends every image of a split through a frozen backbone, in every view asked for, unless the cache
 * has its vector already.
 */
public final class EmbeddingExtractor {
  // Changes when decoding, resizing or the layout of the input do.
  private static final String PREPROCESSING = "rgb-0-255-triangle-antialias-v1";

  private final Model backbone;
  private final EngineFactory engines;
  private final int cores;
  private final Path cacheFolder;
  private final Progress progress;

  /**
   * Prepares an extraction.
   *
   * @param backbone from images {@code [H, W, 3]} to one feature vector; it is folded here
   * @param engines what runs it
   * @param cores how many processor cores to use
   * @param cacheFolder the folder of all embedding caches
   * @param progress told of every vector
   */
  public EmbeddingExtractor(
      Model backbone, EngineFactory engines, int cores, Path cacheFolder, Progress progress) {
    this.backbone = backbone;
    this.engines = engines;
    this.cores = cores;
    this.cacheFolder = cacheFolder;
    this.progress = progress;
  }

  /**
   * What came out, and how fast.
   *
   * @param embeddings the vectors
   * @param computed how many were computed, the others came from the cache
   * @param seconds how long that took, reading and decoding included
   */
  public record Extraction(Embeddings embeddings, long computed, double seconds) {
    /** Vectors a second; NaN if all came from the cache. */
    public double vectorsPerSecond() {
      return computed == 0 ? Double.NaN : computed / seconds;
    }
  }

  /**
   * Extracts the vectors of a split.
   *
   * @param dataset where the images are
   * @param split which of them
   * @param views how many views of each, the first as it is
   * @throws io.github.deepxray.core.DeepXrayException if a record is damaged, or another process
   *     uses the cache
   * @throws IOException if the shards cannot be read or the cache not be written
   */
  public Extraction extract(PreparedDataset dataset, Split split, int views) throws IOException {
    int dimension = backbone.network().size(backbone.network().outputs().get(0));
    String key =
        String.join(
            "\n",
            backbone.network().toString(),
            backbone.weights().sha256(),
            PREPROCESSING,
            engines.name(),
            engines.version());
    List<View> wanted = IntStream.range(0, views).mapToObj(View::new).toList();
    try (EmbeddingCache cache = EmbeddingCache.open(cacheFolder, key, dimension)) {
      List<XrayRecord> missing = new ArrayList<>();
      List<Embeddings.Image> images = new ArrayList<>();
      List<String> hashes = new ArrayList<>();
      Set<String> seen = new HashSet<>();
      try (XrayReader reader = dataset.read(split)) {
        for (Optional<XrayRecord> next = reader.next(); next.isPresent(); next = reader.next()) {
          XrayRecord record = next.get();
          images.add(
              new Embeddings.Image(
                  record.filename(),
                  record.patient(),
                  record.slice(),
                  record.label().index() == 1));
          hashes.add(record.sha256());
          // Identical images share their vectors.
          if (seen.add(record.sha256())
              && wanted.stream().anyMatch(view -> !cache.contains(record.sha256(), view))) {
            missing.add(record);
          }
        }
      }
      long before = cache.size();
      long start = System.nanoTime();
      if (!missing.isEmpty()) {
        compute(split, missing, wanted, cache);
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      List<Matrix> matrices = new ArrayList<>();
      for (View view : wanted) {
        float[] values = new float[hashes.size() * dimension];
        for (int i = 0; i < hashes.size(); i++) {
          float[] vector =
              cache
                  .get(hashes.get(i), view)
                  .orElseThrow(() -> new IllegalStateException("a vector was not computed"));
          System.arraycopy(vector, 0, values, i * dimension, dimension);
        }
        matrices.add(Matrix.wrap(values, hashes.size(), dimension));
      }
      return new Extraction(
          new Embeddings(images, dimension, matrices), cache.size() - before, seconds);
    }
  }

  private void compute(
      Split split, List<XrayRecord> records, List<View> views, EmbeddingCache cache)
      throws IOException {
    Model folded = Passes.forInference().apply(backbone);
    long total = 0;
    for (XrayRecord record : records) {
      total += views.stream().filter(view -> !cache.contains(record.sha256(), view)).count();
    }
    int parallel = engines.parallelEngines(cores);
    int threads = Math.max(1, cores / parallel);
    int workers = Math.min(parallel, records.size());
    AtomicBoolean stopped = new AtomicBoolean();
    ExecutorService executor = Executors.newFixedThreadPool(workers);
    try (Progress.Task task = progress.start("embeddings " + split.key(), total)) {
      List<Future<?>> futures = new ArrayList<>();
      try {
        for (int w = 0; w < workers; w++) {
          int first = w;
          futures.add(
              executor.submit(
                  () -> {
                    try (InferenceEngine engine = engines.create(folded, threads)) {
                      Batch batch = new Batch(engine, cache, task);
                      for (int i = first; i < records.size() && !stopped.get(); i += workers) {
                        batch.add(records.get(i), views);
                      }
                      batch.flush();
                    } catch (IOException | RuntimeException | Error e) {
                      stopped.set(true);
                      throw e;
                    }
                    return null;
                  }));
        }
        for (Future<?> future : futures) {
          future.get();
        }
      } finally {
        // The cache must not be closed while a worker still writes to it.
        stopped.set(true);
        executor.shutdown();
        awaitEnd(executor);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted; the vectors computed so far are kept", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException io) {
        throw io;
      } else if (e.getCause() instanceof RuntimeException runtime) {
        throw runtime;
      } else if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  private static void awaitEnd(ExecutorService executor) {
    boolean interrupted = false;
    while (true) {
      try {
        if (executor.awaitTermination(1, TimeUnit.DAYS)) {
          break;
        }
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Collects views until the engine has a batch. */
  private static final class Batch {
    private record Entry(String sha256, View view) {}

    private final InferenceEngine engine;
    private final EmbeddingCache cache;
    private final Progress.Task task;
    private final List<Entry> entries = new ArrayList<>();
    private final int height;
    private final int width;
    private final int dimension;
    private final float[] input;

    Batch(InferenceEngine engine, EmbeddingCache cache, Progress.Task task) {
      this.engine = engine;
      this.cache = cache;
      this.task = task;
      height = engine.inputShape().get(0);
      width = engine.inputShape().get(1);
      dimension = engine.outputShapes().get(0).stream().reduce(1, Math::multiplyExact);
      input = new float[engine.preferredBatch() * height * width * 3];
    }

    void add(XrayRecord record, List<View> views) throws IOException {
      RgbImage image = Resizer.resize(record.decode(), height, width);
      for (View view : views) {
        if (!cache.contains(record.sha256(), view)) {
          view.render(image, record.sha256(), input, entries.size() * height * width * 3);
          entries.add(new Entry(record.sha256(), view));
          if (entries.size() == engine.preferredBatch()) {
            flush();
          }
        }
      }
    }

    void flush() throws IOException {
      if (entries.isEmpty()) {
        return;
      }
      int size = entries.size() * height * width * 3;
      float[] examples = size == input.length ? input : Arrays.copyOf(input, size);
      float[] vectors = engine.run(examples, entries.size())[0];
      for (int i = 0; i < entries.size(); i++) {
        cache.put(entries.get(i).sha256, entries.get(i).view, vectors, i * dimension);
      }
      task.advance(entries.size());
      entries.clear();
    }
  }
}
