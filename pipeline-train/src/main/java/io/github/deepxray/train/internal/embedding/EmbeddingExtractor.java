package io.github.deepxray.train.internal.embedding;

import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.image.Resizer;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.internal.concurrent.Workers;
import io.github.deepxray.core.internal.engine.Processor;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Quantization;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.datasets.XrayReader;
import io.github.deepxray.datasets.XrayRecord;
import io.github.deepxray.optimize.internal.Passes;
import io.github.deepxray.train.features.Embeddings;
import io.github.deepxray.train.features.Matrix;
import io.github.deepxray.train.internal.stage.Stage;
import io.github.deepxray.train.stage.Context;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Extraction of the feature vectors of a split with a frozen network, in one or several views;
 * cached vectors are not computed again. The network is a backbone, or the layers before the
 * fine-tuned ones.
 */
public final class EmbeddingExtractor {
  // To be changed when decoding, resizing or the input layout change.
  private static final String PREPROCESSING = "rgb-0-255-triangle-antialias-v1";

  private final Model backbone;
  private final EmbeddingCache.Precision precision;
  private final Context context;

  /**
   * Creates an extractor that stores 32-bit floats.
   *
   * @param backbone network from images {@code [H, W, 3]} to one tensor; its batch normalizations
   *     are folded here, unless it is quantized
   * @param context execution context
   */
  public EmbeddingExtractor(Model backbone, Context context) {
    this(backbone, EmbeddingCache.Precision.FLOAT32, context);
  }

  /**
   * Creates an extractor.
   *
   * @param backbone network from images {@code [H, W, 3]} to one tensor; its batch normalizations
   *     are folded here, unless it is quantized
   * @param precision precision of the stored vectors
   * @param context execution context
   */
  public EmbeddingExtractor(Model backbone, EmbeddingCache.Precision precision, Context context) {
    this.backbone = backbone;
    this.precision = precision;
    this.context = context;
  }

  /**
   * Result of an extraction.
   *
   * @param embeddings the vectors
   * @param computed number of computed vectors; the others came from the cache
   * @param seconds seconds of the computation, reading and decoding included
   */
  public record Extraction(Embeddings embeddings, long computed, double seconds) {
    /** Vectors per second; NaN if all came from the cache. */
    public double vectorsPerSecond() {
      return computed == 0 ? Double.NaN : computed / seconds;
    }
  }

  /**
   * Split with all vectors in the cache.
   *
   * @param images images in the order of the shards
   * @param hashes SHA-256 of each image's bytes: with a view, the key of a vector
   * @param computed number of computed vectors; the others were cached before
   * @param seconds seconds of the computation, reading and decoding included
   */
  public record Filled(
      List<Embeddings.Image> images, List<String> hashes, long computed, double seconds) {
    /** Copies the lists. */
    public Filled {
      images = List.copyOf(images);
      hashes = List.copyOf(hashes);
    }
  }

  /**
   * Extracts the vectors of a split into memory.
   *
   * @param dataset data set with the images
   * @param split split to extract
   * @param views views of each image
   * @throws io.github.deepxray.core.DeepXrayException if a record is damaged, or another process
   *     uses the cache
   * @throws IOException if the shards cannot be read or the cache not be written
   */
  public Extraction extract(PreparedDataset dataset, Split split, List<? extends ImageView> views)
      throws IOException {
    return sample(dataset, split, views, Integer.MAX_VALUE);
  }

  /**
   * Extracts the vectors of some images of a split into memory, evenly spaced in the shards.
   *
   * @param dataset data set with the images
   * @param split split of the images
   * @param views views of each image
   * @param most largest number of images
   * @throws io.github.deepxray.core.DeepXrayException as {@link #extract}
   * @throws IOException as {@link #extract}
   */
  public Extraction sample(
      PreparedDataset dataset, Split split, List<? extends ImageView> views, int most)
      throws IOException {
    int every = Math.max(1, -Math.floorDiv(-dataset.images(split), most));
    try (EmbeddingCache cache = open()) {
      Filled filled = fill(cache, dataset, split, views, every);
      int dimension = dimension();
      List<Matrix> matrices = new ArrayList<>();
      for (ImageView view : views) {
        float[] values = new float[filled.hashes.size() * dimension];
        for (int i = 0; i < filled.hashes.size(); i++) {
          if (!cache.read(filled.hashes.get(i), view, values, i * dimension)) {
            throw new IllegalStateException("a vector was not computed");
          }
        }
        matrices.add(Matrix.of(values, filled.hashes.size(), dimension));
      }
      return new Extraction(
          new Embeddings(
              filled.images, dataset.manifest().classNames().size(), dimension, matrices),
          filled.computed,
          filled.seconds);
    }
  }

  /**
   * Opens this network's cache, for {@link #fill}; the caller closes it.
   *
   * @throws io.github.deepxray.core.DeepXrayException if another process uses the cache
   * @throws IOException if it cannot be read or written
   */
  public EmbeddingCache open() throws IOException {
    Stage stage =
        Stage.of("embeddings", new Preprocessed(PREPROCESSING, precision))
            .reading("model", backbone.fingerprint())
            .computedBy(context.engines());
    EmbeddingCache.Key key = new EmbeddingCache.Key(stage.fingerprint(), Processor.features());
    if (key.onlyOfOtherProcessors(context.cache())) {
      context
          .progress()
          .note(
              ("The embeddings in %s were computed on another processor, where the last digits "
                      + "differ; they are computed anew.")
                  .formatted(context.cache()));
    }
    return EmbeddingCache.open(context.cache(), key, dimension(), precision);
  }

  /** Preprocessing options, for the fingerprint. */
  private record Preprocessed(String preprocessing, EmbeddingCache.Precision precision) {}

  /** Whether the backbone is quantized, and therefore folded already. */
  private boolean quantized() {
    return !backbone.quantization().equals(Quantization.NONE);
  }

  private int dimension() {
    return backbone.network().size(backbone.network().outputs().get(0));
  }

  /**
   * Computes the missing vectors of a split.
   *
   * @param cache cache returned by {@link #open}
   * @param dataset data set with the images
   * @param split split to extract
   * @param views views of each image
   * @throws io.github.deepxray.core.DeepXrayException if a record is damaged, or the disk has no
   *     room for the vectors
   * @throws IOException if the shards cannot be read or the cache not be written
   */
  public Filled fill(
      EmbeddingCache cache, PreparedDataset dataset, Split split, List<? extends ImageView> views)
      throws IOException {
    return fill(cache, dataset, split, views, 1);
  }

  private Filled fill(
      EmbeddingCache cache,
      PreparedDataset dataset,
      Split split,
      List<? extends ImageView> views,
      int every)
      throws IOException {
    List<XrayRecord> missing = new ArrayList<>();
    List<Embeddings.Image> images = new ArrayList<>();
    List<String> hashes = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    int index = 0;
    try (XrayReader reader = dataset.read(split)) {
      for (Optional<XrayRecord> next = reader.next(); next.isPresent(); next = reader.next()) {
        if (index++ % every != 0) {
          continue;
        }
        XrayRecord record = next.get();
        images.add(Embeddings.Image.of(record, dataset.manifest().profile()));
        hashes.add(record.sha256());
        // Identical images share vectors.
        if (seen.add(record.sha256())
            && views.stream().anyMatch(view -> !cache.contains(record.sha256(), view))) {
          missing.add(record);
        }
      }
    }
    long before = cache.size();
    long start = System.nanoTime();
    if (!missing.isEmpty()) {
      compute(split, missing, views, cache);
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    return new Filled(images, hashes, cache.size() - before, seconds);
  }

  private void compute(
      Split split, List<XrayRecord> records, List<? extends ImageView> views, EmbeddingCache cache)
      throws IOException {
    Model folded = quantized() ? backbone : Passes.forInference().apply(backbone);
    long total = 0;
    for (XrayRecord record : records) {
      total += views.stream().filter(view -> !cache.contains(record.sha256(), view)).count();
    }
    cache.requireSpace(total);
    int parallel = context.engines().parallelEngines(context.cores());
    int threads = Math.max(1, context.cores() / parallel);
    int workers = Math.min(parallel, records.size());
    String what =
        backbone.network().shape(backbone.network().outputs().get(0)).size() == 1
            ? "embeddings "
            : "activations ";
    try (Progress.Task task = context.progress().start(what + split.key(), total)) {
      Workers.run(
          workers,
          (first, all) -> {
            try (InferenceEngine engine = context.engines().create(folded, threads)) {
              Batch batch = new Batch(engine, cache, task);
              for (int i = first; i < records.size() && !all.stopped(); i += workers) {
                batch.add(records.get(i), views);
              }
              batch.flush();
            }
          });
    }
  }

  /** Batch of views for the engine. */
  private static final class Batch {
    private record Entry(String sha256, ImageView view) {}

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

    void add(XrayRecord record, List<? extends ImageView> views) throws IOException {
      RgbImage image = Resizer.resize(record.decode(), height, width);
      for (ImageView view : views) {
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
