package io.github.deepxray.train;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.io.Json;
import io.github.deepxray.core.metrics.Evaluation;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.ClassNames;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Slice;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.train.embedding.EmbeddingExtractor;
import io.github.deepxray.train.embedding.EmbeddingExtractor.Extraction;
import io.github.deepxray.train.embedding.Embeddings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Measures a trained classifier on the validation and test splits. */
public final class Evaluator {
  private final EngineFactory engines;
  private final int cores;
  private final Path cacheFolder;
  private final Progress progress;

  /**
   * Prepares an evaluation.
   *
   * @param engines what runs the classifier
   * @param cores how many processor cores to use
   * @param cacheFolder the folder of all embedding caches
   * @param progress told how far it is
   */
  public Evaluator(EngineFactory engines, int cores, Path cacheFolder, Progress progress) {
    this.engines = engines;
    this.cores = cores;
    this.cacheFolder = cacheFolder;
    this.progress = progress;
  }

  /**
   * Evaluates, and writes {@code metrics.json} and the predictions of each split.
   *
   * <p>Slices hold the positives of one kind together with all negatives, so that their AUC and
   * specificity mean something.
   *
   * @param dataset the data set the classifier was trained on
   * @param model the classifier
   * @param folder where to write
   * @throws DeepXrayException if the classifier was trained on other data, or the test split is
   *     empty
   * @throws IOException if something cannot be read or written
   */
  public MetricsReport evaluate(PreparedDataset dataset, TrainedModel model, Path folder)
      throws IOException {
    if (!model.description().dataset().equals(dataset.fingerprint())) {
      throw new DeepXrayException(
          "The model was trained on another data set than "
              + dataset.folder()
              + " (its splits may overlap with this test split); train again or give that data"
              + " set.");
    }
    EmbeddingExtractor extractor =
        new EmbeddingExtractor(model.backbone(), engines, cores, cacheFolder, progress);
    Map<String, Evaluation> splits = new LinkedHashMap<>();
    Map<String, Map<String, Evaluation>> slices = new LinkedHashMap<>();
    long seed = model.description().seed();
    for (Split split : List.of(Split.VALIDATION, Split.TEST)) {
      Extraction extraction = extractor.extract(dataset, split, 1);
      Embeddings embeddings = extraction.embeddings();
      if (embeddings.images().isEmpty()) {
        throw new DeepXrayException(
            "The " + split.key() + " split of " + dataset.folder() + " is empty.");
      }
      List<ScoredExample> scored = Scorer.score(engines, model.head(), embeddings);
      Map<String, Double> thresholds = model.description().thresholds().byName();
      splits.put(split.key(), Evaluation.of(scored, thresholds, seed));
      // The finer classes are those of one data set alone.
      boolean named = dataset.manifest().classNames().equals(ClassNames.DEFAULT);
      slices.put(split.key(), named ? slices(embeddings, scored, thresholds, seed) : Map.of());
      Predictions.of(embeddings, scored).write(folder.resolve(Predictions.fileName(split.key())));
    }
    MetricsReport report =
        new MetricsReport(
            MetricsReport.FORMAT,
            model.model().weights().sha256(),
            dataset.fingerprint(),
            model.description().thresholds(),
            splits,
            slices);
    Json.write(folder.resolve(MetricsReport.FILE), report);
    return report;
  }

  private static Map<String, Evaluation> slices(
      Embeddings embeddings,
      List<ScoredExample> scored,
      Map<String, Double> thresholds,
      long seed) {
    Map<Slice, List<ScoredExample>> members = new EnumMap<>(Slice.class);
    List<ScoredExample> negatives = new ArrayList<>();
    for (int i = 0; i < scored.size(); i++) {
      if (scored.get(i).positive()) {
        members
            .computeIfAbsent(embeddings.images().get(i).slice(), s -> new ArrayList<>())
            .add(scored.get(i));
      } else {
        negatives.add(scored.get(i));
      }
    }
    Map<String, Evaluation> slices = new LinkedHashMap<>();
    members.forEach(
        (slice, positives) -> {
          List<ScoredExample> all = new ArrayList<>(positives);
          all.addAll(negatives);
          slices.put(slice.key(), Evaluation.of(all, thresholds, seed));
        });
    slices.put(Slice.NORMAL.key(), Evaluation.of(negatives, thresholds, seed));
    return slices;
  }
}
