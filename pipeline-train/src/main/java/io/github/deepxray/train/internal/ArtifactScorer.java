package io.github.deepxray.train.internal;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.image.Resizer;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.internal.concurrent.WorkInterruptedException;
import io.github.deepxray.core.internal.concurrent.Workers;
import io.github.deepxray.core.internal.engine.ImageFileEngine;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.datasets.XrayReader;
import io.github.deepxray.datasets.XrayRecord;
import io.github.deepxray.train.internal.embedding.ImageView;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Runs a deployed model on the images of a split. */
public final class ArtifactScorer {
  /** Number of images for the signature that decodes image files. */
  private static final int BYTES_IMAGES = 64;

  private final PreparedDataset dataset;
  private final int cores;
  private final int engines;
  private final Progress progress;

  /**
   * Creates a scorer with one single-threaded engine per core, which has a higher throughput with
   * TFLite than one engine with many threads.
   *
   * @param dataset data set with the images
   * @param cores number of processor cores to use
   * @param progress notified after each image
   */
  public ArtifactScorer(PreparedDataset dataset, int cores, Progress progress) {
    this(dataset, cores, cores, progress);
  }

  private ArtifactScorer(PreparedDataset dataset, int cores, int engines, Progress progress) {
    this.dataset = dataset;
    this.cores = cores;
    this.engines = engines;
    this.progress = progress;
  }

  /** Returns a copy with one engine on all cores, for formats that use all of them. */
  public ArtifactScorer withOneEngine() {
    return new ArtifactScorer(dataset, cores, 1, progress);
  }

  /** Loader of a model with a number of threads per inference. */
  @FunctionalInterface
  public interface Loader {
    InferenceEngine load(int threads) throws IOException;
  }

  /**
   * Scores of a model.
   *
   * @param scores scores of the images, in the order of the shards
   * @param unfamiliarities output of the input guard for each image; empty without a guard
   * @param engineSeconds total seconds of inference, without decoding
   */
  public record Scores(SplitScores scores, List<Double> unfamiliarities, double engineSeconds) {}

  /**
   * Thrown if a model cannot be loaded or run, or if its outputs are not probabilities: an error of
   * the model, not of the images.
   */
  public static final class UnusableException extends DeepXrayException {
    private static final long serialVersionUID = 1;

    UnusableException(Exception cause) {
      super(firstLine(cause), cause);
    }

    private static String firstLine(Exception e) {
      return String.valueOf(e.getMessage()).lines().findFirst().orElse(e.toString());
    }
  }

  /** Call of a model, which fails if the model is damaged. */
  @FunctionalInterface
  private interface ModelCall<T> {
    T get() throws IOException;
  }

  /** Converts all exceptions: with a damaged model, native libraries may throw any of them. */
  private static <T> T call(ModelCall<T> call) {
    try {
      return call.get();
    } catch (WorkInterruptedException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw new UnusableException(e);
    }
  }

  /**
   * Runs a model on all images of a split.
   *
   * @throws UnusableException if the model cannot be loaded or run
   * @throws IOException if the split cannot be read
   */
  public Scores score(String name, Loader loader, Split split) throws IOException {
    int workers = Math.max(1, Math.min(engines, dataset.images(split)));
    TreeMap<Integer, Scored> scored = new TreeMap<>();
    double[] seconds = new double[workers];
    try (XrayReader reader = dataset.read(split);
        Progress.Task task = progress.start(name + " " + split.key(), dataset.images(split))) {
      NumberedReader numbered = new NumberedReader(reader);
      Workers.run(
          workers,
          (worker, others) -> {
            try (InferenceEngine engine = call(() -> loader.load(Math.max(1, cores / workers)))) {
              Optional<Batch> next = numbered.next(engine.preferredBatch());
              while (next.isPresent() && !others.stopped()) {
                Batch batch = next.get();
                float[] input = input(batch, engine.inputShape());
                long start = System.nanoTime();
                float[][] outputs = call(() -> engine.run(input, batch.records.size()));
                seconds[worker] += (System.nanoTime() - start) / 1e9;
                synchronized (scored) {
                  batch.keep(outputs, scored);
                }
                task.advance(batch.records.size());
                next = numbered.next(engine.preferredBatch());
              }
            }
          });
    }
    return new Scores(
        scores(scored.values()),
        scored.values().stream().flatMap(one -> one.unfamiliarity.stream()).toList(),
        Arrays.stream(seconds).sum());
  }

  /**
   * Runs a model with an input guard on views of some images of a split.
   *
   * @param views views of each image
   * @param most largest number of images, evenly spaced in the shards
   * @return the unfamiliarity of each view
   * @throws UnusableException if the model cannot be loaded or run
   * @throws IOException if the split cannot be read
   */
  public List<Double> unfamiliarities(
      String name, Loader loader, Split split, List<? extends ImageView> views, int most)
      throws IOException {
    List<Double> all = new ArrayList<>();
    int every = Math.max(1, -Math.floorDiv(-dataset.images(split), most));
    try (XrayReader reader = dataset.read(split);
        InferenceEngine engine = call(() -> loader.load(cores));
        Progress.Task task = progress.start(name + " " + split.key(), dataset.images(split))) {
      List<Integer> shape = engine.inputShape();
      float[] input = new float[shape.stream().reduce(1, Math::multiplyExact)];
      int index = 0;
      for (Optional<XrayRecord> next = reader.next(); next.isPresent(); next = reader.next()) {
        if (index++ % every == 0) {
          RgbImage image = Resizer.resize(next.get().decode(), shape.get(0), shape.get(1));
          for (ImageView view : views) {
            view.render(image, next.get().sha256(), input, 0);
            all.add((double) call(() -> engine.run(input, 1)[1][0]));
          }
        }
        task.advance(1);
      }
    }
    return all;
  }

  private static float[] input(Batch batch, List<Integer> shape) throws IOException {
    int size = shape.stream().reduce(1, Math::multiplyExact);
    float[] input = new float[batch.records.size() * size];
    for (int i = 0; i < batch.records.size(); i++) {
      Resizer.resize(batch.records.get(i).decode(), shape.get(0), shape.get(1))
          .copyTo(input, i * size);
    }
    return input;
  }

  /**
   * Runs the signature that decodes image files on every n-th image, so that all classes are
   * included.
   */
  public Scores scoreBytes(String name, ImageFileEngine engine, Split split) throws IOException {
    List<Scored> scored = new ArrayList<>();
    double seconds = 0;
    int every = Math.max(1, dataset.images(split) / BYTES_IMAGES);
    try (XrayReader reader = dataset.read(split);
        Progress.Task task = progress.start(name + " " + split.key(), dataset.images(split))) {
      int index = 0;
      for (Optional<XrayRecord> next = reader.next(); next.isPresent(); next = reader.next()) {
        if (index++ % every == 0) {
          long start = System.nanoTime();
          List<byte[]> image = List.of(next.get().image());
          float[] probabilities = call(() -> engine.runBytes(image)[0]);
          seconds += (System.nanoTime() - start) / 1e9;
          scored.add(new Scored(truth(next.get()), probabilities, Optional.empty()));
        }
        task.advance(1);
      }
    }
    return new Scores(scores(scored), List.of(), seconds);
  }

  /** Image with its probabilities. */
  private static final class Scored {
    private final SplitScores.Truth image;
    private final float[] probabilities;
    private final Optional<Double> unfamiliarity;

    Scored(SplitScores.Truth image, float[] probabilities, Optional<Double> unfamiliarity) {
      this.image = image;
      this.probabilities = probabilities;
      this.unfamiliarity = unfamiliarity;
    }
  }

  private static SplitScores.Truth truth(XrayRecord record) {
    return new SplitScores.Truth(record.filename(), record.patient(), record.label().index());
  }

  /** Checks that the outputs are probabilities. */
  private static SplitScores scores(Collection<Scored> scored) {
    int size = scored.stream().mapToInt(s -> s.probabilities.length).sum();
    float[] all = new float[size];
    int from = 0;
    for (Scored one : scored) {
      System.arraycopy(one.probabilities, 0, all, from, one.probabilities.length);
      from += one.probabilities.length;
    }
    return call(() -> SplitScores.of(scored.stream().map(s -> s.image).toList(), all));
  }

  /** Consecutive records with the number of the first. */
  private record Batch(int first, List<XrayRecord> records) {
    /** Adds the outputs of the batch by image. */
    void keep(float[][] outputs, Map<Integer, Scored> to) {
      int width = outputs[0].length / records.size();
      for (int i = 0; i < records.size(); i++) {
        Optional<Double> unfamiliarity =
            outputs.length == 1 ? Optional.empty() : Optional.of((double) outputs[1][i]);
        to.put(
            first + i,
            new Scored(
                truth(records.get(i)),
                Arrays.copyOfRange(outputs[0], i * width, (i + 1) * width),
                unfamiliarity));
      }
    }
  }

  /** Distributes the records of a split to several threads. */
  private static final class NumberedReader {
    private final XrayReader reader;
    private int read;

    NumberedReader(XrayReader reader) {
      this.reader = reader;
    }

    synchronized Optional<Batch> next(int size) throws IOException {
      List<XrayRecord> records = new ArrayList<>();
      while (records.size() < size) {
        Optional<XrayRecord> record = reader.next();
        if (record.isEmpty()) {
          break;
        }
        records.add(record.get());
      }
      Batch batch = new Batch(read, records);
      read += records.size();
      return records.isEmpty() ? Optional.empty() : Optional.of(batch);
    }
  }
}
